"""The multiprocess directory, by the environment."""
import os
from typing import Optional


def get_multiprocess_dir() -> Optional[str]:
    """PROMETHEUS_MULTIPROC_DIR, or None."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def ensure_multiprocess_dir(mp_dir: Optional[str]) -> bool:
    """Makes the directory; False when none is named."""
    if not mp_dir:
        return False
    os.makedirs(mp_dir, exist_ok=True)
    return True
