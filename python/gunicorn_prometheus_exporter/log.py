"""Lines of this package and of Weir, in Gunicorn's error log: with its time, process and level.

Only where the application has not configured Python's logging: handlers of the root logger get the lines anyway. What is
said before Gunicorn has opened its log waits until stop_waiting().
Thread safety: as logging's handlers.
"""
import atexit
import logging
from typing import List, Optional

_NAMES = ("gunicorn_prometheus_exporter", "weir")


class InGunicornsLog(logging.Handler):
    """Hands records to the handlers of `gunicorn.error`."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: Optional[List[logging.LogRecord]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if logging.root.handlers:
            return
        log = logging.getLogger("gunicorn.error")
        if self._waiting is not None and not log.handlers:
            self._waiting.append(record)
        elif not log.handlers:  # a logger_class that writes elsewhere
            if logging.lastResort is not None:
                logging.lastResort.handle(record)
        elif log.isEnabledFor(record.levelno):
            log.handle(record)

    def stop_waiting(self) -> None:
        """Gunicorn's log is open: says what waited."""
        waiting = self._waiting or []
        self._waiting = None
        for record in waiting:
            self.emit(record)


handler = InGunicornsLog()
atexit.register(handler.stop_waiting)  # where it never came to Gunicorn's log


def use_gunicorns_log() -> None:
    """From now on. Called again it does nothing."""
    for name in _NAMES:
        logging.getLogger(name).addHandler(handler)
