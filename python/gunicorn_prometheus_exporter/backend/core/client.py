"""Values of one Redis by hand, and what makes more of them."""
from typing import Any, Dict, Iterable, List, Optional, Protocol, Tuple, Union

from gunicorn_prometheus_exporter.backend.core.dict import RedisStorageDict, StorageDictProtocol
from gunicorn_prometheus_exporter.backend.core.values import RedisValue, cleanup_process_keys_for_pid

__all__ = ["RedisClientProtocol", "RedisStorageClient", "RedisStorageDict", "RedisValueClass", "StorageDictProtocol"]

Text = Union[str, bytes]


class RedisClientProtocol(Protocol):
    """The verbs of a Redis client that the documents name; weir.RedisClient and redis.Redis have them."""

    def ping(self) -> bool:
        """True, or an error."""

    def hget(self, name: Text, key: str) -> Optional[bytes]:
        """None when there is none."""

    def hset(self, name: Text, key: Optional[str] = None, value: Optional[str] = None,
             mapping: Optional[Dict[str, object]] = None) -> int:
        """How many fields are new."""

    def hsetnx(self, name: Text, key: str, value: str) -> bool:
        """True when the field was not there."""

    def hgetall(self, name: Text) -> Dict[bytes, bytes]:
        """Empty when there is no such key."""

    def keys(self, pattern: str) -> List[bytes]:
        """Those that match."""

    def scan_iter(self, match: Optional[Text] = None, count: Optional[int] = None) -> Iterable[bytes]:
        """Those that match, each once at least."""

    def delete(self, *keys: Text) -> int:
        """How many there were."""

    def expire(self, name: Text, time: int) -> bool:
        """True when the key is there; `time` in seconds."""

    def time(self) -> Tuple[int, int]:
        """The server's clock: seconds and microseconds."""


class RedisValueClass:
    """Makes RedisValues of one server and prefix."""

    def __init__(self, redis_client: Any, key_prefix: Optional[str] = None) -> None:
        self._redis_client = redis_client
        self._key_prefix = key_prefix

    def __call__(self, *args: Any, **kwargs: Any) -> RedisValue:
        kwargs.setdefault("redis_client", self._redis_client)
        kwargs.setdefault("redis_key_prefix", self._key_prefix)
        return RedisValue(*args, **kwargs)


class RedisStorageClient:
    """The dictionary, the value class and the clean-up of one server and prefix in one object.

    Errors, thread safety and process safety: as RedisStorageDict.
    """

    def __init__(self, redis_client: Any, key_prefix: Optional[str] = None) -> None:
        self._values = RedisStorageDict(redis_client, key_prefix or "")
        self._redis_client = redis_client
        self._key_prefix = key_prefix

    def get(self, key: str, metric_type: str = "counter", multiprocess_mode: str = "") -> Tuple[float, float]:
        """Value and timestamp, as RedisStorageDict.read_value."""
        return self._values.read_value(key, metric_type, multiprocess_mode)

    def put(self, key: str, value: float, timestamp: Optional[float] = None, metric_type: str = "counter",
            multiprocess_mode: str = "") -> None:
        """As RedisStorageDict.write_value."""
        self._values.write_value(key, value, timestamp, metric_type, multiprocess_mode)

    def get_value_class(self) -> RedisValueClass:
        """Makes RedisValues here."""
        return RedisValueClass(self._redis_client, self._key_prefix)

    def cleanup_process_keys(self, pid: int) -> int:
        """Removes the `live*` gauges of a process that has ended; gives their number."""
        return cleanup_process_keys_for_pid(pid, self._redis_client, self._key_prefix)

    def get_client(self) -> Any:
        """The client that was given."""
        return self._redis_client
