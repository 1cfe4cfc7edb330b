"""Where metrics live: Redis as the documents of gunicorn_prometheus_exporter describe it, over Weir's C++ classes."""
from gunicorn_prometheus_exporter.backend.core import (
    REDIS_COLLECTOR_AVAILABLE, RedisMultiProcessCollector, RedisStorageClient, RedisStorageDict, RedisValue,
    RedisValueClass)
from gunicorn_prometheus_exporter.backend.errors import (
    RedisAuthenticationError, RedisConnectionError, RedisError, RedisTimeoutError, with_retry)
from gunicorn_prometheus_exporter.backend.service import (
    RedisStorageManager, cleanup_redis_keys, get_redis_client, get_redis_collector, get_redis_storage_manager,
    is_redis_enabled, setup_redis_metrics, teardown_redis_metrics)

__all__ = ["REDIS_COLLECTOR_AVAILABLE", "RedisAuthenticationError", "RedisConnectionError", "RedisError",
           "RedisMultiProcessCollector", "RedisStorageClient", "RedisStorageDict", "RedisStorageManager",
           "RedisTimeoutError", "RedisValue", "RedisValueClass", "cleanup_redis_keys", "get_redis_client",
           "get_redis_collector", "get_redis_storage_manager", "is_redis_enabled", "setup_redis_metrics",
           "teardown_redis_metrics", "with_retry"]
