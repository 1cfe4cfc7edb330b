"""Values by key in one Redis: the key of a sample, and this process's values as a dictionary."""
from typing import Any, Iterator, List, Optional, Protocol, Tuple

from gunicorn_prometheus_exporter.backend.core.connection import native_client
from weir import _weir

__all__ = ["RedisStorageDict", "StorageDictProtocol", "redis_key"]


class StorageDictProtocol(Protocol):
    """What a store of values by key can do. Timestamps are Unix seconds."""

    def read_value(self, key: str, metric_type: str = "counter", multiprocess_mode: str = "") -> Tuple[float, float]:
        """Value and timestamp; (0, 0) for a key not met before."""

    def write_value(self, key: str, value: float, timestamp: Optional[float] = None, metric_type: str = "counter",
                    multiprocess_mode: str = "") -> None:
        """Without a timestamp the value is stamped now."""


def redis_key(metric_name: str, name: str, labelnames: List[str], labelvalues: List[str], help_text: str) -> str:
    """The JSON key of a sample: json.dumps([metric_name, name, labels, help_text], sort_keys=True), byte for byte, so
    that it is the same whatever the order of the labels. ValueError when there are not as many values as names."""
    return _weir.redis_key(metric_name, name, list(labelnames), [str(value) for value in labelvalues], help_text)


_MISSING = object()


class RedisStorageDict(_weir.RedisStorageDict):
    """This process's values in one Redis, as a dictionary from JSON key to value; every call asks the server.

        values = RedisStorageDict(client, "gunicorn")
        values.write_value(redis_key("jobs", "jobs_total", ["queue"], ["mail"], "Jobs done."), 5)
        for key, value in values.items(): ...

    `redis_client` is one of redis-py's or Weir's; an empty `key_prefix` is REDIS_KEY_PREFIX, else `gunicorn`. A key is
    found under whatever type and mode it is kept; a new key that is set by `[]` is a counter.

    Errors: RedisConnectionError, RedisTimeoutError, RedisAuthenticationError, RedisReplyError; KeyError. Thread safety:
    every member from any thread. Process safety: keys carry the pid, so a forked child has an empty dictionary.
    """

    def __init__(self, redis_client: Any, key_prefix: str = "") -> None:
        super().__init__(native_client(redis_client), key_prefix or "")
        self.redis_client = redis_client
        self.key_prefix = key_prefix

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default`. Makes nothing."""
        try:
            return self[key]
        except KeyError:
            return default

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        """Takes the value out; without one `default`, else KeyError."""
        value = self.get(key, default)
        if value is _MISSING:
            raise KeyError(key)
        if key in self:
            del self[key]
        return value

    def setdefault(self, key: str, default: float = 0.0) -> float:
        """The value, set to `default` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other: Any = (), **more: float) -> None:
        """Takes over another dictionary or pairs; of a RedisStorageDict with the types and modes it has them under."""
        if isinstance(other, _weir.RedisStorageDict):
            self._update(other)
        else:
            pairs = other.items() if hasattr(other, "items") else other
            self._update([(key, float(value)) for key, value in pairs])
        if more:
            self._update([(key, float(value)) for key, value in more.items()])

    def close(self) -> None:
        """Nothing: connections end with the client."""

    @staticmethod
    def read_all_values_from_redis(redis_client: Any,
                                   key_prefix: Optional[str] = None) -> Iterator[Tuple[str, float, float]]:
        """Yields (key, value, timestamp) of everything this process holds there."""
        return RedisStorageDict(redis_client, key_prefix or "").read_all_values()
