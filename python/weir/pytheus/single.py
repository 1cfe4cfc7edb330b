"""Values in this process's memory."""
from weir import _weir


class SingleProcessBackend(_weir.Value):
    """One number in memory; takes no settings.

    Thread safety: every call is one atomic operation. Process safety: a forked child goes on with a copy.
    """

    __slots__ = ()

    def __init__(self, config, metric, histogram_bucket=None):
        super().__init__("counter", "", "", (), (), "", storage=_weir.memory_storage())

    def dec(self, value):
        self.inc(-value)
