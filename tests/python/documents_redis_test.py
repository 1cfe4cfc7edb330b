"""The snippets of gunicorn_prometheus_exporter's page on its Redis backend: configuration, a real Gunicorn, health."""
from gunicorn_servers import Gunicorn, Load, total, wait_until
from redis_programs import redis, run_with, server  # noqa: F401  (fixtures)

CONFIGURATION = """
bind = "0.0.0.0:8000"
workers = 2
worker_class = "gunicorn_prometheus_exporter.PrometheusWorker"

import os
os.environ.setdefault("PROMETHEUS_METRICS_PORT", "9092")
os.environ.setdefault("PROMETHEUS_BIND_ADDRESS", "0.0.0.0")
os.environ.setdefault("GUNICORN_WORKERS", "2")
os.environ.setdefault("REDIS_ENABLED", "true")
os.environ.setdefault("REDIS_HOST", "localhost")
os.environ.setdefault("REDIS_PORT", "6379")
os.environ.setdefault("REDIS_DB", "0")
"""


def test_gunicorn_with_the_documents_configuration_counts_into_redis(redis, tmp_path):  # noqa: F811
    place = {"REDIS_PORT": str(redis.port), "PROMETHEUS_REDIS_URL": redis.url, "PROMETHEUS_BIND_ADDRESS": "127.0.0.1",
             "WEIR_FLUSH_INTERVAL": "0.1"}
    with Gunicorn(tmp_path, place=place, configuration=CONFIGURATION) as gunicorn:
        load = Load(gunicorn.port).run(40)
        assert load.answered == 40
        expected = load.answered + gunicorn.answered
        wait_until(lambda: total(gunicorn.read(), "gunicorn_worker_requests_total") == expected, "all are there")
    kinds = {key.split(":")[1] for key in redis.keys("gunicorn:*:metric:*")}
    assert {"counter", "histogram"} <= kinds and any(kind.startswith("gauge_") for kind in kinds)
    assert not list(tmp_path.rglob("*.db"))


def test_the_basic_set_up_is_two_assignments_and_no_files(redis, tmp_path):  # noqa: F811
    run_with(redis, """
    import os
    port = os.environ.pop("REDIS_PORT")
    os.environ["REDIS_ENABLED"] = "true"
    os.environ["REDIS_HOST"] = "localhost"
    os.environ["REDIS_PORT"] = port
    worker_class = "gunicorn_prometheus_exporter.PrometheusWorker"

    import importlib
    module, name = worker_class.rsplit(".", 1)
    from gunicorn.workers.base import Worker
    assert issubclass(getattr(importlib.import_module(module), name), Worker)
    from gunicorn_prometheus_exporter.backend import is_redis_enabled, setup_redis_metrics
    assert setup_redis_metrics() and is_redis_enabled()
    from prometheus_client import Counter
    Counter("jobs", "Jobs done.").inc()
    """, tmp_path / "metrics")
    assert len(redis.keys("gunicorn:counter:*:metric:*")) == 1  # shipped at exit
    assert list((tmp_path / "metrics").iterdir()) == []


def test_the_production_settings_are_understood(redis):  # noqa: F811
    run_with(redis, """
    import os
    os.environ["REDIS_ENABLED"] = "true"
    os.environ["REDIS_HOST"] = "redis-cluster.example.com"
    os.environ["REDIS_PORT"] = "6379"
    os.environ["REDIS_DB"] = "0"
    os.environ["REDIS_KEY_PREFIX"] = "prod-gunicorn"
    os.environ["REDIS_TTL_SECONDS"] = "600"
    os.environ["REDIS_PASSWORD"] = "your-redis-password"
    os.environ["REDIS_SSL"] = "true"

    from gunicorn_prometheus_exporter.config import config
    found = {name: getattr(config, "redis_" + name) for name in
             ("enabled", "host", "port", "db", "key_prefix", "ttl_seconds", "password", "ssl")}
    assert found == {"enabled": True, "host": "redis-cluster.example.com", "port": 6379, "db": 0, "ssl": True,
                     "key_prefix": "prod-gunicorn", "ttl_seconds": 600, "password": "your-redis-password"}, found
    """)


def test_the_health_check_asks_the_server_each_time(redis):  # noqa: F811
    try:
        printed = run_with(redis, """
    def health():
        from gunicorn_prometheus_exporter.backend.service import get_redis_storage_manager
        manager = get_redis_storage_manager()
        if manager.is_connected():
            print("Redis backend is healthy")
        else:
            print("Redis backend connection failed")
        return manager

    manager = health()
    assert manager.setup()
    health()
    import os, signal
    os.kill(int(os.environ["SERVER"]), signal.SIGKILL)
    health()
    assert manager.is_enabled()
    """, SERVER=str(redis.pid))
    finally:
        redis.process.wait(timeout=10)
        redis.start()
    healthy, failed = "Redis backend is healthy", "Redis backend connection failed"
    assert printed.splitlines() == [failed, healthy, failed]
