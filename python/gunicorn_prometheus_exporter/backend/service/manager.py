"""Setting Redis metrics up and tearing them down: one manager, one call.

    if not setup_redis_metrics(): ...        # metrics work all the same: files or memory, shipped when Redis comes
    registry.register(get_redis_collector())

Thread safety: every function from any thread. Process safety: a forked child inherits what was set up.
"""
from __future__ import annotations  # they name classes that a build without Redis has not

import logging
import os
import threading
import weakref
from typing import Any, Callable, List, Optional

from gunicorn_prometheus_exporter.backend.core import REDIS_COLLECTOR_AVAILABLE
from gunicorn_prometheus_exporter.backend.core.collector import RedisMultiProcessCollector
from gunicorn_prometheus_exporter.backend.core.connection import native_client
from weir import _weir

__all__ = ["REDIS_COLLECTOR_AVAILABLE", "RedisStorageManager", "cleanup_redis_keys", "get_redis_client",
           "get_redis_collector", "get_redis_storage_manager", "is_redis_enabled", "setup_redis_metrics",
           "teardown_redis_metrics"]

ClientFactory = Optional[Callable[[], Any]]
ValueClassFactory = Optional[Callable[[Any, str], Any]]

_log = logging.getLogger("gunicorn_prometheus_exporter")


class RedisStorageManager:
    """Makes prometheus_client's metrics live in Redis, and undoes it.

    `redis_client_factory` gives a client (redis-py's or Weir's): metrics then go to its server. Without one the
    environment's: REDIS_HOST and its kin, PROMETHEUS_REDIS_URL. `value_class_factory(client, key_prefix)` gives a value
    class of your own for metrics made from then on; without one metrics count in memory and are shipped.
    """

    def __init__(self, redis_client_factory: ClientFactory = None,
                 value_class_factory: ValueClassFactory = None) -> None:
        if not REDIS_COLLECTOR_AVAILABLE:
            raise ImportError("this build of Weir has no Redis; build it with -DWEIR_WITH_REDIS=ON (it needs OpenSSL)")
        self._make_client = redis_client_factory
        self._make_value_class = value_class_factory
        self._renew_lock()
        renew = weakref.WeakMethod(self._renew_lock)
        os.register_at_fork(after_in_child=lambda: (method := renew()) and method())
        self._native: Optional[_weir.RedisStorageManager] = None
        self._client: Any = None
        self._collector: Optional[RedisMultiProcessCollector] = None
        self._undo: List[Callable[[], object]] = []  # what teardown() calls, last first

    def _renew_lock(self) -> None:
        """Also in a forked child, which has not the thread that may have held it."""
        self._lock = threading.RLock()

    def setup(self) -> bool:
        """Makes metrics from now on live in Redis, and those that prometheus_client has already; asks the server.

        False, with a line in the log: Redis is not enabled (REDIS_ENABLED), or its settings cannot be used, and nothing
        changes; or the server does not answer, then values go to files or memory meanwhile and are shipped when it
        comes. True at once when it is set up already.
        """
        with self._lock:
            if self.is_enabled():
                return True
            try:
                return self._set_up()
            except Exception as error:  # the documents' contract: a program without its Redis runs on
                _log.error("set-up of Redis metrics: %s", error)
                self._take_back()
                return False

    def _set_up(self) -> bool:
        if not _weir.redis_settings()["enabled"]:
            _log.debug("Redis is not enabled (REDIS_ENABLED); its set-up is skipped")
            return False
        if self._native is None:
            self._client = self._make_client() if self._make_client else None
            self._native = _weir.RedisStorageManager(native_client(self._client) if self._make_client else None)
        works = self._native.setup()
        if not works and not _weir.backend_class().startswith("RedisStorage"):
            raise RuntimeError(f"metrics exist already in {_weir.backend_class()}; set Redis up before the first")
        if not self._undo:
            self._switch_metrics(self._native)
        if not works:
            _log.error("set-up of Redis metrics: %s does not answer; values are kept until it does, then shipped",
                       self._native.storage().describe())
        return works

    def _switch_metrics(self, native: _weir.RedisStorageManager) -> None:
        from prometheus_client import values

        import weir.prometheus
        if not weir.prometheus.is_installed():
            weir.prometheus.install(native.storage())
            self._undo.append(weir.prometheus.uninstall)
        if self._make_value_class is not None:
            before = values.ValueClass
            own = self._make_value_class(self.get_client(), native.key_prefix)
            setattr(values, "ValueClass", own)
            self._undo.append(lambda: setattr(values, "ValueClass", before))
        self._undo.insert(0, native.teardown)

    def _take_back(self) -> None:
        while self._undo:
            self._undo.pop()()
        if self._native is not None:
            self._native.teardown()
        self._native = self._client = self._collector = None

    def teardown(self) -> None:
        """Brings what was counted to Redis, waiting at most 5 s, and restores what was before. Metrics that exist stay
        where they are and go on being shipped."""
        with self._lock:
            self._take_back()

    def is_enabled(self) -> bool:
        """setup() succeeded, and no teardown() came since."""
        native = self._native
        return native is not None and native.is_enabled()

    def is_connected(self) -> bool:
        """Asks the server now."""
        native = self._native
        return native is not None and native.is_connected()

    def get_client(self) -> Any:
        """What redis_client_factory gave, else Weir's client; None while it is not enabled."""
        with self._lock:
            native = self._native
            if native is None or not native.is_enabled():
                return None
            return self._client if self._client is not None else native.get_client()

    def cleanup_keys(self) -> None:
        """Removes the `live*` gauges of processes that have ended. Their counters stay: totals must not fall."""
        native = self._native
        if native is not None:
            native.cleanup_keys()

    def get_collector(self) -> Optional[RedisMultiProcessCollector]:
        """Reads what all processes keep there; the same object each time, None while it is not enabled."""
        with self._lock:
            native = self._native
            if native is None or not native.is_enabled():
                return None
            if self._collector is None:
                self._collector = RedisMultiProcessCollector(None, native.get_client(), native.key_prefix,
                                                             native.layout)
            return self._collector


_manager_lock = threading.Lock()
_manager: Optional[RedisStorageManager] = None


def _renew_manager_lock() -> None:
    global _manager_lock
    _manager_lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_manager_lock)


def get_redis_storage_manager() -> RedisStorageManager:
    """The process's manager, made by the first call."""
    global _manager
    with _manager_lock:
        if _manager is None:
            _manager = RedisStorageManager()
        return _manager


def setup_redis_metrics() -> bool:
    """RedisStorageManager.setup() of the process's manager; so are the rest."""
    return get_redis_storage_manager().setup()


def teardown_redis_metrics() -> None:
    get_redis_storage_manager().teardown()


def is_redis_enabled() -> bool:
    return get_redis_storage_manager().is_enabled()


def get_redis_client() -> Any:
    return get_redis_storage_manager().get_client()


def cleanup_redis_keys() -> None:
    get_redis_storage_manager().cleanup_keys()


def get_redis_collector() -> Optional[RedisMultiProcessCollector]:
    return get_redis_storage_manager().get_collector()
