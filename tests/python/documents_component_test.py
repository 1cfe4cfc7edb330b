"""The snippets of gunicorn_prometheus_exporter's page on its backend component, behind what they leave undefined."""
from prometheus_programs import run
from redis_programs import CURRENT, redis, run_with, server  # noqa: F401  (fixtures)

PREAMBLE = """
    from prometheus_client import CollectorRegistry, Counter, generate_latest
    registry = CollectorRegistry()
"""


def test_files_are_collected_as_they_always_were(tmp_path):
    program = PREAMBLE + """
    import weir.prometheus
    weir.prometheus.install()
    Counter("jobs", "Jobs done.").inc(3)

    from prometheus_client import multiprocess
    multiprocess.MultiProcessCollector(registry)

    assert counted(generate_latest(registry).decode()) == {"jobs_total": 3}
    """
    run(CURRENT, program, tmp_path / "metrics")
    assert [path.name.split("_")[0] for path in (tmp_path / "metrics").glob("*.db")] == ["counter"]


def test_the_managers_collector_joins_a_registry_and_shows_what_is_counted(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    from gunicorn_prometheus_exporter.backend import setup_redis_metrics
    assert setup_redis_metrics()
    Counter("jobs", "Jobs done.", ["kind"]).labels("red").inc(3)

    from gunicorn_prometheus_exporter.backend.service import get_redis_storage_manager
    manager = get_redis_storage_manager()
    collector = manager.get_collector()
    registry.register(collector)

    import weir
    assert weir.flush()
    assert counted(generate_latest(registry).decode()) == {'jobs_total{kind="red"}': 3}
    assert manager.get_collector() is collector
    """)
    assert len(redis.keys("gunicorn:counter:*:metric:*")) == 1


def test_the_collector_joins_weirs_own_registry(redis):  # noqa: F811
    run_with(redis, """
    import weir
    from gunicorn_prometheus_exporter.backend.service import get_redis_storage_manager
    manager = get_redis_storage_manager()
    assert manager.setup()
    weir.Counter("jobs", "Jobs done.", registry=None).inc(2)
    assert weir.flush()
    registry = weir.CollectorRegistry()
    registry.register(manager.get_collector())
    assert counted(weir.generate_latest(registry).decode()) == {"jobs_total": 2}
    """)


def test_an_adapter_written_by_the_documents_pattern_is_read_by_weir(redis):  # noqa: F811
    """The page shows an adapter that reads and writes hashes through a client; over Weir's they are metrics."""
    run_with(redis, """
    import hashlib, os
    from typing import Tuple
    from gunicorn_prometheus_exporter.backend.core import RedisMultiProcessCollector, redis_key
    from weir._weir import RedisClient

    def _safe_parse_float(data):
        return float(data) if data is not None else 0.0

    class Adapter:
        def __init__(self, client):
            self._redis = client
        def _get_metric_key(self, key, metric_type, mode):
            kind, digest = metric_type + ("_" + mode if mode else ""), hashlib.md5(key.encode()).hexdigest()
            return f"gunicorn:{kind}:{os.getpid()}:metric:{digest}"
        def _redis_now(self):
            seconds, microseconds = self._redis.time()
            return seconds + microseconds / 1_000_000.0
        def read_value(self, key: str, metric_type: str = "counter",
                       multiprocess_mode: str = "") -> Tuple[float, float]:
            metric_key = self._get_metric_key(key, metric_type, multiprocess_mode)
            value_data = self._redis.hget(metric_key, "value")
            timestamp_data = self._redis.hget(metric_key, "timestamp")
            return _safe_parse_float(value_data), _safe_parse_float(timestamp_data)
        def write_value(self, key, value, timestamp, metric_type="counter", multiprocess_mode=""):
            metric_key = self._get_metric_key(key, metric_type, multiprocess_mode)
            self._redis.hset(metric_key, mapping={"value": value, "timestamp": timestamp,
                                                  "updated_at": self._redis_now()})
            self._redis.hsetnx(metric_key.replace(":metric:", ":meta:", 1), "original_key", key)

    client = RedisClient(host="127.0.0.1", port=int(os.environ["REDIS_PORT"]))
    adapter, key = Adapter(client), redis_key("jobs", "jobs_total", [], [], "Jobs done.")
    assert adapter.read_value(key) == (0.0, 0.0)
    adapter.write_value(key, 0.1 + 0.2, 1700000000.25)
    assert adapter.read_value(key) == (0.1 + 0.2, 1700000000.25)
    metric, = RedisMultiProcessCollector(None, client).collect()
    assert [(sample.name, sample.value) for sample in metric.samples] == [("jobs_total", 0.1 + 0.2)]
    """)
