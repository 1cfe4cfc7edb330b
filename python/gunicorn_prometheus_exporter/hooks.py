"""Gunicorn's hooks, to be imported into gunicorn.conf.py.

    from gunicorn_prometheus_exporter.hooks import *                    # or name by name
    when_ready, on_exit = default_when_ready, default_on_exit

All of them may be used together, and any may be left out. `server` is Gunicorn's Arbiter and `worker` its Worker, as in
Gunicorn's own documentation of hooks.
"""
import logging
from typing import Any

import weir

from .config import config, get_config, load_yaml_config
from .log import use_gunicorns_log
from .master import adopt, mark_process_dead
from .server import server as metrics_server

logger = logging.getLogger(__name__)
_FLUSH_SECONDS = 1.0

use_gunicorns_log()  # what gunicorn.conf.py causes to be said, load_yaml_config for one, stands there too

__all__ = ["child_exit", "default_child_exit", "default_on_exit", "default_on_starting", "default_post_fork",
           "default_when_ready", "default_worker_abort", "default_worker_int", "load_yaml_config",
           "redis_sidecar_when_ready", "redis_when_ready"]


def default_on_starting(server: Any) -> None:
    """Checks the configuration before anything is forked: a bad one ends the start, saying which setting is bad."""
    adopt(server)
    get_config()


def default_when_ready(server: Any) -> None:
    """Serves metrics from the master, at PROMETHEUS_BIND_ADDRESS and PROMETHEUS_METRICS_PORT; not in SIDECAR_MODE."""
    adopt(server)
    if config.is_sidecar:
        logger.info("SIDECAR_MODE: metrics are served elsewhere")
        return
    metrics_server.start()
    if metrics_server.is_serving:  # in Gunicorn's own log, which is seen without any setting
        server.log.info("metrics at %s", metrics_server.url)


def redis_when_ready(server: Any) -> None:
    """default_when_ready, which reads Redis where REDIS_ENABLED says so; says when it does not."""
    if not config.redis_enabled:
        logger.warning("redis_when_ready without REDIS_ENABLED=true: metrics are in files")
    default_when_ready(server)


def redis_sidecar_when_ready(server: Any) -> None:
    """Serves nothing: another process does, `weir serve` with the same environment for one."""
    adopt(server)
    logger.info("sidecar: metrics are served elsewhere, by `weir serve` with this environment")


def default_post_fork(server: Any, worker: Any) -> None:
    """Nothing is left to do here: workers start for themselves. For configurations that name it."""


def default_worker_int(worker: Any) -> None:
    """A worker was told to quit: its last readings, and what is not in Redis yet."""
    if hasattr(worker, "update_worker_metrics"):
        worker.update_worker_metrics()
    weir.flush(_FLUSH_SECONDS)


def default_worker_abort(worker: Any) -> None:
    """A worker was too slow and is about to be killed."""
    default_worker_int(worker)


def child_exit(server: Any, worker: Any) -> None:
    """A worker has ended: its live gauges go."""
    mark_process_dead(worker.pid)


default_child_exit = child_exit


def default_on_exit(server: Any) -> None:
    """The master ends: no more scrapes, and nothing it counted is left behind."""
    metrics_server.stop()
    weir.flush(_FLUSH_SECONDS)
