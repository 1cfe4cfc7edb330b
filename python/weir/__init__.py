"""Prometheus metrics for programs of many processes.

    from weir import Counter, start_http_server
    requests = Counter("requests", "Requests served.", ["method"])
    requests.labels("GET").inc()
    start_http_server(8000)
"""
try:
    import weir._weir as _weir
except ModuleNotFoundError as _error:
    if _error.name != "weir._weir":
        raise
    import sys as _sys
    raise ImportError(
        f"weir: {__path__[0]} has no native module for this Python ({_sys.implementation.cache_tag}): `./run build` "
        f"makes it for /usr/bin/python3 in build/python (PYTHONPATH=build/python), `pip install .` for the Python that "
        f"runs pip", name=_error.name) from None

_weir.require_main_interpreter()

from weir._weir import (  # noqa: E402
    ConfigError, Error, FormatError, RedisAuthenticationError, RedisConnectionError, RedisError, RedisReplyError,
    RedisTimeoutError, RegistrationError, Storage, StorageError, __version__, backend_class, chosen_storage,
    file_storage, flush, load_backend, memory_storage, redis_available, register_backend,
)
from weir._weir import ValueError as ValueError  # noqa: E402
from weir.context_managers import ExceptionCounter, InprogressTracker, Timer
from weir.exposition import (
    CONTENT_TYPE_LATEST, CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest, generate_openmetrics, scrape,
)
from weir.metrics import Counter, Enum, Gauge, Histogram, Info, Summary
from weir.metrics_core import Exemplar, Metric, Sample
from weir.multiprocess import MultiProcessCollector, mark_process_dead
from weir.process import ProcessCollector, ProcessMetrics
from weir.registry import REGISTRY, CollectorRegistry
from weir.serving import MetricsServer, make_asgi_app, make_wsgi_app, start_http_server

__all__ = [
    "__version__", "backend_class", "choose_encoder", "chosen_storage", "CollectorRegistry", "ConfigError",
    "CONTENT_TYPE_LATEST", "CONTENT_TYPE_PLAIN_0_0_4", "Counter", "Enum", "Error", "ExceptionCounter", "Exemplar",
    "file_storage", "flush", "FormatError", "Gauge", "generate_latest", "generate_openmetrics", "Histogram", "Info",
    "InprogressTracker", "load_backend", "make_asgi_app", "make_wsgi_app", "mark_process_dead", "memory_storage",
    "Metric", "MetricsServer", "MultiProcessCollector", "ProcessCollector", "ProcessMetrics", "redis_available",
    "RedisAuthenticationError", "RedisConnectionError", "RedisError", "RedisReplyError", "RedisTimeoutError",
    "register_backend", "RegistrationError", "REGISTRY", "Sample", "scrape", "start_http_server", "Storage",
    "StorageError", "Summary", "Timer",  # and ValueError, which `import *` must not put over Python's
]

if redis_available():
    from weir._weir import redis_storage  # noqa: F401
    __all__ += ["redis_storage"]
