"""The multiprocess directory, by the environment."""
import os


def get_multiprocess_dir():
    """PROMETHEUS_MULTIPROC_DIR, or None."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def ensure_multiprocess_dir(mp_dir):
    """Makes the directory; False when none is named."""
    if not mp_dir:
        return False
    os.makedirs(mp_dir, exist_ok=True)
    return True
