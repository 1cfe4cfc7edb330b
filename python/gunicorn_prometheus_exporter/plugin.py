"""The workers: Gunicorn's own, measured.

    worker_class = "gunicorn_prometheus_exporter.PrometheusWorker"          # in gunicorn.conf.py

Each is made in the master and lives in a process of its own. What they measure begins where the application is loaded,
after Gunicorn has changed user and group.
"""
import logging
import time
from typing import TYPE_CHECKING, Any, Optional

from gunicorn.workers.gthread import ThreadWorker
from gunicorn.workers.sync import SyncWorker

import weir

from .application_metrics import take_over
from .worker_ids import take_worker_id

if TYPE_CHECKING:
    from .measures import WorkerMeasures

logger = logging.getLogger(__name__)
FLUSH_SECONDS = 1.0
_Worker: Any = object  # for type checkers: one of Gunicorn's, which comes after the mixin among the bases
IDLE_SECONDS = 1.0  # the longest an idle worker sleeps, so that its uptime and CPU do not stand still


class PrometheusMixin(_Worker):
    """What makes a worker a measured one; first among its bases."""

    wsgi: Any
    handle_request: Any
    handle_http2_request: Any
    notify: Any
    timeout: float

    def __init__(self, *arguments: Any, **named: Any) -> None:
        take_over()
        super().__init__(*arguments, **named)
        self.worker_id = take_worker_id(self)
        self.start_time = time.time()
        self._measures: "Optional[WorkerMeasures]" = None

    def load_wsgi(self) -> None:
        from .measures import WorkerMeasures  # makes the metrics: not before the configuration is read
        measures = self._measures = WorkerMeasures(self.worker_id)
        super().load_wsgi()
        self.wsgi = measures.around_application(self.wsgi)
        self.handle_request = measures.around_handle_request(self.handle_request)
        if hasattr(self, "handle_http2_request"):  # Gunicorn 25 and later, in gthread and gevent
            self.handle_http2_request = measures.around_handle_request(self.handle_http2_request)
        self.notify = measures.around_notify(self.notify)
        try:
            self.log.access = measures.around_access_log(self.log.access)
        except AttributeError as error:  # a logger_class of the user's own, with slots or a property
            logger.warning("sizes of requests and responses are not measured: %s: %s", type(self.log).__name__, error)

    def update_worker_metrics(self) -> None:
        """Reads memory, CPU and uptime now."""
        if self._measures is not None:
            self._measures.refresh()

    def run(self) -> None:
        try:
            super().run()
            if self.nr >= self.max_requests:
                self._end("quitting", "graceful", "max_requests")
        finally:
            # Not left to the end of the interpreter: there a further signal, the master's SIGTERM, kills at once.
            weir.flush(FLUSH_SECONDS)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if self._measures is not None:
            from .metrics import WORKER_ERROR_HANDLING
            self._measures.failed(req, exc, WORKER_ERROR_HANDLING)
        super().handle_error(req, client, addr, exc)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._end("quitting", "graceful", "term")
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: Any) -> None:
        self._end("quitting", "graceful", "quit")
        super().handle_quit(sig, frame)

    def handle_abort(self, sig: int, frame: Any) -> None:
        self._end("aborting", "forced", "abort")
        # A thread that does not end keeps the interpreter from its own flush, until the SIGKILL.
        weir.flush(FLUSH_SECONDS)
        super().handle_abort(sig, frame)

    def _end(self, state: str, restart_type: str, reason: str) -> None:
        if self._measures is not None:
            self._measures.end(state, restart_type, reason)


class PrometheusWorker(PrometheusMixin, SyncWorker):
    """Gunicorn's sync worker, measured."""

    def run(self) -> None:
        self.timeout = min(self.timeout, IDLE_SECONDS)  # else half the time-out
        super().run()


class PrometheusThreadWorker(PrometheusMixin, ThreadWorker):
    """Gunicorn's gthread worker, measured."""
