"""Folding, in the master that serves: what ended workers counted becomes one file a kind, so that scrapes and disks stay
as small as what lives.

By a thread in C++, which looks every 10 seconds and whenever a worker has ended, and folds when eight have, or after a
minute. `weir serve` and `weir fold` may do the same beside it: one at a time folds. WEIR_FOLD says which files, as
`weir serve --fold` does; of a Redis it folds with `weir` or `all` only, as it needs the right to write.
Thread safety: called by the master's one thread. Process safety: a forked worker folds nothing.
"""
import signal
from typing import Optional

from weir import _weir

from .config import config


class MasterFolding:
    """At most one thread, from start() to stop()."""

    def __init__(self) -> None:
        self._folding: Optional[_weir.Folding] = None

    @property
    def source(self) -> Optional[_weir.Source]:
        """How folding does, for /backend; None where nothing is folded."""
        return self._folding

    def start(self) -> None:
        """Folds from now on, where the settings say so. ValueError for one that cannot be used."""
        files = config.fold
        if self._folding is not None or files == "off":
            return
        if config.redis_enabled:
            self._folding = None if files == "auto" else _weir.redis_folding()
            return
        if files == "all":
            signal.signal(signal.SIGIO, signal.SIG_IGN)  # other clients' files are probed by leases
        self._folding = _weir.Folding(_weir.DirectorySource().directory, files)

    def look_soon(self) -> None:
        """A worker has ended."""
        if self._folding is not None:
            self._folding.look_soon()

    def stop(self) -> None:
        """Waits for a fold that runs."""
        if self._folding is not None:
            self._folding.stop()
        self._folding = None


folding = MasterFolding()
