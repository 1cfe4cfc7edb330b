"""Values of one Redis by hand, and what makes more of them."""
from typing import Dict, Iterable, List, Optional, Protocol, Tuple, Union

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

    def hset(self, name: Text, key: str = None, value: str = None, mapping: Dict[str, object] = None) -> int:
        """How many fields are new."""

    def hsetnx(self, name: Text, key: str, value: str) -> bool:
        """True when the field was not there."""

    def hgetall(self, name: Text) -> Dict[bytes, bytes]:
        """Empty when there is no such key."""

    def keys(self, pattern: str) -> List[bytes]:
        """Those that match."""

    def scan_iter(self, match: Text = None, count: Optional[int] = None) -> Iterable[bytes]:
        """Those that match, each once at least."""

    def delete(self, *keys: Text) -> int:
        """How many there were."""

    def expire(self, name: Text, time: int) -> bool:
        """True when the key is there; `time` in seconds."""

    def time(self) -> Tuple[int, int]:
        """The server's clock: seconds and microseconds."""


class RedisValueClass:
    """Makes RedisValues of one server and prefix."""

    def __init__(self, redis_client, key_prefix=None):
        self._redis_client = redis_client
        self._key_prefix = key_prefix

    def __call__(self, *args, **kwargs):
        kwargs.setdefault("redis_client", self._redis_client)
        kwargs.setdefault("redis_key_prefix", self._key_prefix)
        return RedisValue(*args, **kwargs)


class RedisStorageClient:
    """The dictionary, the value class and the clean-up of one server and prefix in one object.

    Errors, thread safety and process safety: as RedisStorageDict.
    """

    def __init__(self, redis_client, key_prefix=None):
        self._values = RedisStorageDict(redis_client, key_prefix)
        self._redis_client = redis_client
        self._key_prefix = key_prefix

    def get(self, key, metric_type="counter", multiprocess_mode=""):
        """Value and timestamp, as RedisStorageDict.read_value."""
        return self._values.read_value(key, metric_type, multiprocess_mode)

    def put(self, key, value, timestamp=None, metric_type="counter", multiprocess_mode=""):
        """As RedisStorageDict.write_value."""
        self._values.write_value(key, value, timestamp, metric_type, multiprocess_mode)

    def get_value_class(self):
        """Makes RedisValues here."""
        return RedisValueClass(self._redis_client, self._key_prefix)

    def cleanup_process_keys(self, pid):
        """Removes the `live*` gauges of a process that has ended; gives their number."""
        return cleanup_process_keys_for_pid(pid, self._redis_client, self._key_prefix)

    def get_client(self):
        """The client that was given."""
        return self._redis_client
