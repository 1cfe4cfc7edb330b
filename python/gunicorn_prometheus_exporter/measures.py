"""What one worker measures: its children of the metrics, found once, and the functions put around its work.

A request costs four calls of callables in C, which hold their instruments, and no look-up. Readings of the process come
at most once a second (refresh).

Made in the worker's process. Thread safety: as the instruments, any thread or greenlet.
"""
import time
from typing import Any, Callable, Iterable, Optional

import weir
from weir import _weir

from . import metrics
from .endpoints import endpoint_of, method_of
from .process_usage import CpuShare, resident_bytes

REFRESH_SECONDS = 1.0  # between two readings of memory, CPU and uptime
STATES = ("running", "quitting", "aborting")


class WorkerMeasures:
    """One worker's children."""

    def __init__(self, worker_id: str) -> None:
        self.worker_id = worker_id
        self.requests = metrics.WORKER_REQUESTS.labels(worker_id)
        self.duration = metrics.WORKER_REQUEST_DURATION.labels(worker_id)
        self.in_progress = metrics.WORKER_REQUESTS_IN_PROGRESS.labels(worker_id)
        self.request_size = metrics.WORKER_REQUEST_SIZE.labels(worker_id)
        self.response_size = metrics.WORKER_RESPONSE_SIZE.labels(worker_id)
        self.memory = metrics.WORKER_MEMORY.labels(worker_id)
        self.cpu = metrics.WORKER_CPU.labels(worker_id)
        self.uptime = metrics.WORKER_UPTIME.labels(worker_id)
        self._states = {state: metrics.WORKER_STATE.labels(worker_id, state) for state in STATES}
        self._began = time.monotonic()
        self._cpu_share = CpuShare()
        self._ended = False
        self.enter("running")
        self.refresh()

    def enter(self, state: str) -> None:
        for name, gauge in self._states.items():
            gauge.set(1.0 if name == state else 0.0)

    def refresh(self) -> None:
        """Reads the process."""
        try:
            self.memory.set(resident_bytes())
        except OSError:  # no descriptor is left, say: no reason for the worker to end
            pass
        self.cpu.set(self._cpu_share.percent())
        self.uptime.set(time.monotonic() - self._began)

    def end(self, state: str, restart_type: str, reason: str) -> None:
        """The worker is about to end; told several times, the first counts."""
        if self._ended:
            return
        self._ended = True
        self.enter(state)
        metrics.WORKER_RESTART_REASON.labels(self.worker_id, reason).inc()
        metrics.WORKER_RESTART_COUNT.labels(self.worker_id, restart_type, reason).inc()

    def failed(self, request: Any, error: BaseException, counter: Optional[weir.Counter] = None) -> None:
        """Counts an exception, by its class."""
        counter = metrics.WORKER_FAILED_REQUESTS if counter is None else counter
        counter.labels(self.worker_id, method_of(request), endpoint_of(request), type(error).__name__).inc()

    def around_application(self, application: Callable[..., Any]) -> Callable[..., Any]:
        """`application`, each call counted when it ends, however: before Gunicorn sends a byte of the answer.

        So a request that was answered has been counted, also when the worker is killed at once.
        """
        return _weir.around_application(application, self.requests)

    def around_handle_request(self, handle_request: Callable[..., Any]) -> Callable[..., Any]:
        """Gunicorn's handle_request, timed, and its exceptions counted."""
        return _weir.around_handle_request(handle_request, self.in_progress, self.duration, self._handle_failed)

    def _handle_failed(self, arguments: Iterable[Any], raised: BaseException) -> None:
        # StopIteration is how Gunicorn closes a connection, after an error too.
        error = raised.__context__ if isinstance(raised, StopIteration) else raised
        if error is not None:
            self.failed(_request_among(arguments), error)

    def around_notify(self, notify: Callable[[], object]) -> Callable[[], object]:
        """The worker's sign of life, given once a request or a second, which is when to refresh."""
        return _weir.around_notify(notify, self.refresh, REFRESH_SECONDS)

    def around_access_log(self, access: Callable[..., Any]) -> Callable[..., Any]:
        """The logger's `access`, which knows the response: its size, and the request's."""
        return _weir.around_access(access, self.request_size, self.response_size)


def _request_among(arguments: Iterable[Any]) -> Any:
    return next((argument for argument in arguments if hasattr(argument, "method") and hasattr(argument, "uri")), None)
