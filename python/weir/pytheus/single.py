"""Values in this process's memory."""
from typing import Any, Mapping, Optional

from weir import _weir


class SingleProcessBackend(_weir.Value):
    """One number in memory; takes no settings.

    Thread safety: every call is one atomic operation. Process safety: a forked child goes on with a copy.
    """

    __slots__ = ()

    def __init__(self, config: Mapping[str, Any], metric: Any, histogram_bucket: Optional[str] = None) -> None:
        super().__init__("counter", "", "", (), (), "", storage=_weir.memory_storage())

    def dec(self, value: float) -> None:
        self.inc(-value)
