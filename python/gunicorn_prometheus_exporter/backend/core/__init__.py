"""Redis as a store of metrics: keys and values, clients, the collector.

Whether this build of Weir has Redis can be asked: REDIS_COLLECTOR_AVAILABLE. Without it the classes are None.
"""
from weir import _weir

REDIS_COLLECTOR_AVAILABLE = hasattr(_weir, "RedisSource")

if REDIS_COLLECTOR_AVAILABLE:
    from gunicorn_prometheus_exporter.backend.core.client import (
        RedisClientProtocol, RedisStorageClient, RedisStorageDict, RedisValueClass, StorageDictProtocol)
    from gunicorn_prometheus_exporter.backend.core.collector import RedisMultiProcessCollector
    from gunicorn_prometheus_exporter.backend.core.dict import redis_key
    from gunicorn_prometheus_exporter.backend.core.values import (
        RedisValue, cleanup_process_keys_for_pid, get_redis_value_class, mark_process_dead_redis)
else:
    _NOT_HERE = (
        "RedisClientProtocol", "RedisMultiProcessCollector", "RedisStorageClient", "RedisStorageDict", "RedisValue",
        "RedisValueClass", "StorageDictProtocol", "cleanup_process_keys_for_pid", "get_redis_value_class",
        "mark_process_dead_redis", "redis_key")
    globals().update(dict.fromkeys(_NOT_HERE))

__all__ = ["REDIS_COLLECTOR_AVAILABLE", "RedisClientProtocol", "RedisMultiProcessCollector", "RedisStorageClient",
           "RedisStorageDict", "RedisValue", "RedisValueClass", "StorageDictProtocol", "cleanup_process_keys_for_pid",
           "get_redis_value_class", "mark_process_dead_redis", "redis_key"]
