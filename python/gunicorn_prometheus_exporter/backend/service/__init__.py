"""Redis metrics set up, asked and torn down."""
from gunicorn_prometheus_exporter.backend.service.manager import (
    REDIS_COLLECTOR_AVAILABLE, RedisStorageManager, cleanup_redis_keys, get_redis_client, get_redis_collector,
    get_redis_storage_manager, is_redis_enabled, setup_redis_metrics, teardown_redis_metrics)

__all__ = ["REDIS_COLLECTOR_AVAILABLE", "RedisStorageManager", "cleanup_redis_keys", "get_redis_client",
           "get_redis_collector", "get_redis_storage_manager", "is_redis_enabled", "setup_redis_metrics",
           "teardown_redis_metrics"]
