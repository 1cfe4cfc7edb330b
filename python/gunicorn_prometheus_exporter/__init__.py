"""Prometheus metrics of Gunicorn, its workers and the application in them, on Weir.

    worker_class = "gunicorn_prometheus_exporter.PrometheusWorker"          # gunicorn.conf.py

Importing this package puts PrometheusMaster in Gunicorn's place; workers, metrics and Redis classes are imported when
they are asked for, so that configuration files can set the environment first.
"""
import importlib
import importlib.util
from typing import Any, List

_WHERE = {  # name: module of this package
    "PrometheusWorker": "plugin", "PrometheusThreadWorker": "plugin",
    "PrometheusGeventWorker": "plugin_gevent", "PrometheusEventletWorker": "plugin_eventlet",
    "PrometheusMaster": "master", "registry": "metrics",
    "ConfigManager": "config", "ConfigState": "config", "ExporterConfig": "config", "cleanup_config": "config",
    "get_config": "config", "initialize_config": "config", "load_yaml_config": "config",
    "RedisStorageManager": "backend", "get_redis_storage_manager": "backend", "is_redis_enabled": "backend",
    "setup_redis_metrics": "backend", "teardown_redis_metrics": "backend",
}
_FLAGS = {"GEVENT_AVAILABLE": "PrometheusGeventWorker", "EVENTLET_AVAILABLE": "PrometheusEventletWorker"}

# What a worker needs that is not installed everywhere: `import *` leaves out those that could not be imported.
_NEEDS = {"PrometheusGeventWorker": ("gevent",), "PrometheusEventletWorker": ("eventlet", "gunicorn.workers.geventlet")}


def _can_be_imported(name: str) -> bool:
    try:
        return all(importlib.util.find_spec(module) for module in _NEEDS.get(name, ()))
    except ModuleNotFoundError:  # Gunicorn itself
        return False


__all__ = [*filter(_can_be_imported, _WHERE), "get_prometheus_eventlet_worker", "get_prometheus_gevent_worker"]


def __getattr__(name: str) -> Any:
    if name in _FLAGS:
        return _worker_or_none(_FLAGS[name]) is not None
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> List[str]:
    return sorted([*globals(), *__all__, *_FLAGS])


def _worker_or_none(name: str) -> Any:
    try:
        return __getattr__(name)
    except (ImportError, RuntimeError):  # how Gunicorn says that gevent or eventlet is missing
        return None


def get_prometheus_gevent_worker() -> Any:
    """PrometheusGeventWorker, or None where gevent is not installed."""
    return _worker_or_none("PrometheusGeventWorker")


def get_prometheus_eventlet_worker() -> Any:
    """PrometheusEventletWorker, or None where eventlet, or a Gunicorn that has a worker for it, is not installed."""
    return _worker_or_none("PrometheusEventletWorker")


def _install() -> None:
    """Where Gunicorn is installed: scripts that only read metrics may live without it."""
    if importlib.util.find_spec("gunicorn") is not None:
        importlib.import_module(f"{__name__}.master").install_master()


_install()
