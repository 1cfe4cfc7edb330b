"""One value of a metric in Redis, and the class prometheus_client would make values of."""
from typing import Any, Optional, Sequence, Type

from prometheus_client.samples import Exemplar

from gunicorn_prometheus_exporter.backend.core.connection import native_client
from weir import _weir

__all__ = ["RedisValue", "cleanup_process_keys_for_pid", "get_redis_value_class", "mark_process_dead_redis"]


class RedisValue(_weir.RedisValue):
    """One value of a metric, kept by this process and written through to Redis at each change: a round trip a call.

    Metrics need none of this: after `RedisStorageManager.setup()` they count into memory and are shipped.

    All objects of one value share what this process knows of it. A write that raises is counted all the same, and the
    next one brings it. `redis_client` is one of redis-py's or Weir's, and required; an empty `redis_key_prefix` is
    REDIS_KEY_PREFIX, else `gunicorn`. `get()` is what this process counted or set.

    Thread safety: every member from any thread. Process safety: in a forked child an object counts from zero.
    """

    _multiprocess = True

    def __init__(self, typ: Optional[str] = None, metric_name: Optional[str] = None, name: Optional[str] = None,
                 labelnames: Optional[Sequence[str]] = None, labelvalues: Optional[Sequence[object]] = None,
                 help_text: Optional[str] = None, multiprocess_mode: str = "", redis_client: Any = None,
                 redis_key_prefix: Optional[str] = None, **_kwargs: object) -> None:
        super().__init__(typ or "counter", metric_name or "", name or metric_name or "", list(labelnames or ()),
                         [str(value) for value in labelvalues or ()], help_text or "", multiprocess_mode or "",
                         native_client(redis_client), redis_key_prefix or "")

    def set_exemplar(self, exemplar: Exemplar) -> None:
        """Keeps a prometheus_client Exemplar (labels, value, timestamp) beside the value, for the one before."""
        stamp = exemplar.timestamp
        self._set_exemplar(dict(exemplar.labels), exemplar.value, None if stamp is None else float(stamp))

    def get_exemplar(self) -> Optional[Exemplar]:
        """Asks the server; None when there is none."""
        found = self._get_exemplar()
        return Exemplar(*found) if found is not None else None


def get_redis_value_class(redis_client: Any, redis_key_prefix: Optional[str] = None) -> Type[RedisValue]:
    """A RedisValue class of this server and prefix, for `prometheus_client.values.ValueClass`."""
    given_client, given_prefix = redis_client, redis_key_prefix

    class ConfiguredRedisValue(RedisValue):
        def __init__(self, typ: str, metric_name: str, name: str, labelnames: Sequence[str],
                     labelvalues: Sequence[object], help_text: str, multiprocess_mode: str = "", **kwargs: Any) -> None:
            kwargs.setdefault("redis_client", given_client)
            kwargs.setdefault("redis_key_prefix", given_prefix)
            super().__init__(typ, metric_name, name, labelnames, labelvalues, help_text, multiprocess_mode, **kwargs)

    return ConfiguredRedisValue


def cleanup_process_keys_for_pid(pid: int, redis_client: Any, redis_key_prefix: Optional[str] = None) -> int:
    """Removes the `live*` gauges of a process that has ended; gives their number. Its counters stay: totals must not
    fall."""
    return _weir.RedisStorageDict(native_client(redis_client), redis_key_prefix or "").cleanup_dead_worker(int(pid))


def mark_process_dead_redis(pid: int, redis_client: Any, redis_key_prefix: Optional[str] = None) -> None:
    """As cleanup_process_keys_for_pid."""
    cleanup_process_keys_for_pid(pid, redis_client, redis_key_prefix)
