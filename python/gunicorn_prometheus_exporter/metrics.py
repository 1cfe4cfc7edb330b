"""The metrics of Gunicorn's workers and master, under the names dashboards query.

Importing this module makes them, in the storage the environment chooses at that moment: the workers and the master
import it when the configuration file has been read, nothing before.

No label has values without bound. `worker_id` is a worker's place among those that live (worker_ids.py); `endpoint` is
empty unless templates are given (endpoints.py); `method` is one HTTP knows, or `OTHER`.
Gauges show living workers alone, one value a worker_id: the newest.
"""
from typing import Sequence

import weir

from .config import config

config.apply_to_environment()

registry = weir.CollectorRegistry()

_WORKER = ("worker_id",)
_FAILURE = ("worker_id", "method", "endpoint", "error_type")
_LIVE = "livemostrecent"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_BYTES = (1024, 4096, 16384, 65536, 262144, 1048576, 4194304)


def _counter(name: str, text: str, labels: Sequence[str]) -> weir.Counter:
    return weir.Counter(name, text, labels, registry=registry)


def _gauge(name: str, text: str, labels: Sequence[str] = _WORKER, mode: str = _LIVE) -> weir.Gauge:
    return weir.Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)


def _histogram(name: str, text: str, buckets: Sequence[float]) -> weir.Histogram:
    return weir.Histogram(name, text, _WORKER, registry=registry, buckets=buckets)


WORKER_REQUESTS = _counter("gunicorn_worker_requests_total",
                           "Requests the application was given, counted before the answer's first byte is sent.",
                           _WORKER)
WORKER_REQUEST_DURATION = _histogram("gunicorn_worker_request_duration_seconds",
                                     "Seconds from the request's headers to the end of the answer.", _SECONDS)
WORKER_REQUESTS_IN_PROGRESS = _gauge("gunicorn_worker_requests_in_progress", "Requests being handled now.",
                                     mode="livesum")
WORKER_REQUEST_SIZE = _histogram("gunicorn_worker_request_size_bytes",
                                 "Bytes of request bodies, of requests that announce one.", _BYTES)
WORKER_RESPONSE_SIZE = _histogram("gunicorn_worker_response_size_bytes", "Bytes of response bodies sent.", _BYTES)
WORKER_FAILED_REQUESTS = _counter("gunicorn_worker_failed_requests_total",
                                  "Requests that ended in an exception.", _FAILURE)
WORKER_ERROR_HANDLING = _counter("gunicorn_worker_error_handling_total",
                                 "Errors the worker answered itself: bad requests, exceptions before an answer.",
                                 _FAILURE)
WORKER_MEMORY = _gauge("gunicorn_worker_memory_bytes", "Resident memory of the worker's process.")
WORKER_CPU = _gauge("gunicorn_worker_cpu_percent", "Share of one CPU the worker used since the last reading, percent.")
WORKER_UPTIME = _gauge("gunicorn_worker_uptime_seconds", "Seconds since the worker began.")
WORKER_STATE = _gauge("gunicorn_worker_state", "1 for the state the worker is in: running, quitting or aborting.",
                      ("worker_id", "state"))
WORKER_RESTART_REASON = _counter("gunicorn_worker_restart_total", "Ends of workers that saw it coming, by reason.",
                                 ("worker_id", "reason"))
WORKER_RESTART_COUNT = _counter("gunicorn_worker_restart_count_total",
                                "Ends of workers that saw it coming, by kind and reason.",
                                ("worker_id", "restart_type", "reason"))
MASTER_WORKER_RESTARTS = _counter("gunicorn_master_worker_restart_total", "Signals the master handled, by name.",
                                  ("reason",))
MASTER_WORKER_RESTART_COUNT = _counter("gunicorn_master_worker_restart_count_total",
                                       "Workers that ended, as the master saw it.",
                                       ("worker_id", "reason", "restart_type"))
