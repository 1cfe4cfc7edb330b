"""The snippets of gunicorn_prometheus_exporter's backend API reference, behind what they leave undefined."""
import inspect
import subprocess
import textwrap

import pytest
from gunicorn_prometheus_exporter import backend
from gunicorn_prometheus_exporter.backend import core, service

from multiprocess_reading import CLEAN, CURRENT
from prometheus_programs import run
from redis_programs import parts, redis, run_with, server  # noqa: F401  (fixtures)


@pytest.mark.parametrize("function, names, optional", [
    (core.RedisStorageDict.__init__, ["redis_client", "key_prefix"], 1),
    (core.RedisMultiProcessCollector.__init__, ["registry", "redis_client", "redis_key_prefix"], 2),
    (core.RedisMultiProcessCollector.merge_from_redis, ["redis_client", "redis_key_prefix", "accumulate"], 2),
    (core.RedisValue.__init__, ["typ", "metric_name", "name", "labelnames", "labelvalues", "help_text",
                                "multiprocess_mode", "redis_client", "redis_key_prefix"], 3),
    (service.RedisStorageManager.__init__, ["redis_client_factory", "value_class_factory"], 2),
    (core.redis_key, ["metric_name", "name", "labelnames", "labelvalues", "help_text"], 0),
    (backend.with_retry, ["func", "max_retries", "delay"], 2),
    *((getattr(service, name), [], 0) for name in (
        "get_redis_storage_manager", "setup_redis_metrics", "teardown_redis_metrics", "is_redis_enabled",
        "get_redis_client", "cleanup_redis_keys", "get_redis_collector")),
], ids=lambda value: getattr(value, "__qualname__", None))
def test_calls_take_what_the_reference_says(function, names, optional):
    parameters = [parameter for name, parameter in inspect.signature(function).parameters.items() if name != "self"]
    assert [parameter.name for parameter in parameters][:len(names)] == names
    required = names[:len(names) - optional]
    assert all(p.default is not p.empty for p in parameters[len(required):] if p.kind is p.POSITIONAL_OR_KEYWORD)


@pytest.mark.parametrize("of, names", [
    (core.RedisStorageDict, "read_value write_value cleanup_dead_worker __getitem__ __setitem__ __delitem__ "
                            "__contains__ __iter__ __len__ keys values items clear update"),
    (core.RedisStorageClient, "get put get_value_class cleanup_process_keys get_client"),
    (service.RedisStorageManager, "setup teardown is_enabled is_connected get_client cleanup_keys get_collector"),
    (core.RedisMultiProcessCollector, "collect merge_from_redis"),
    (core.RedisValue, "get set inc get_timestamp set_exemplar get_exemplar"),
    (core.StorageDictProtocol, "read_value write_value"),
    (core.RedisClientProtocol, "ping hget hset"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_classes_have_what_the_reference_lists(of, names):
    assert [name for name in names.split() if not callable(getattr(of, name, None))] == []


def test_the_configuration_is_seen_as_the_environment_sets_it(redis):  # noqa: F811
    printed = run_with(redis, """
    from gunicorn_prometheus_exporter.config import config
    if config.redis_enabled:
        print(f"{config.redis_host}:{config.redis_port}/{config.redis_db}")
        print(config.redis_key_prefix, config.redis_ttl_seconds, config.redis_password, config.redis_ssl)
    """, REDIS_KEY_PREFIX="shop", REDIS_TTL_SECONDS="600")
    assert printed == f"127.0.0.1:{redis.port}/0\nshop 600 None False\n"


def test_redis_key_gives_the_json_the_reference_prints():
    from gunicorn_prometheus_exporter.backend.core.dict import redis_key
    key = redis_key(metric_name="gunicorn_requests_total", name="requests_total", labelnames=["method", "status"],
                    labelvalues=["GET", "200"], help_text="Total number of requests")
    assert key == ('["gunicorn_requests_total", "requests_total", {"method": "GET", "status": "200"}, '
                   '"Total number of requests"]')


def test_errors_are_exceptions_of_their_own_kind():
    kinds = [backend.RedisConnectionError, backend.RedisTimeoutError, backend.RedisAuthenticationError]
    assert all(issubclass(kind, Exception) for kind in kinds)
    assert not any(issubclass(a, b) for a in kinds for b in kinds if a is not b)


class TestWithRetry:
    @pytest.mark.parametrize("error", [backend.RedisConnectionError, backend.RedisTimeoutError])
    def test_waits_twice_as_long_after_each_failure_and_raises_the_last(self, error, monkeypatch):
        pauses, calls = [], []
        monkeypatch.setattr("time.sleep", pauses.append)

        def failing():
            calls.append(len(calls))
            raise error(f"attempt {len(calls)}")

        with pytest.raises(error, match="attempt 4"):
            backend.with_retry(failing, max_retries=4, delay=0.5)
        assert pauses == [0.5, 1, 2]

    def test_gives_what_the_call_that_worked_gave(self, monkeypatch):
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        left = [backend.RedisTimeoutError("slow"), backend.RedisConnectionError("gone")]

        def works_at_last():
            if left:
                raise left.pop()
            return 42

        assert backend.with_retry(works_at_last) == 42

    @pytest.mark.parametrize("error", [backend.RedisAuthenticationError, KeyError])
    def test_raises_everything_else_at_once(self, error):
        calls = []

        def refused():
            calls.append(1)
            raise error("no")

        with pytest.raises(error):
            backend.with_retry(refused, delay=100)
        assert calls == [1]


def test_a_client_of_the_references_options_opens_weirs_own_connections(redis):  # noqa: F811
    run_with(redis, """
    import os
    import redis
    from gunicorn_prometheus_exporter.backend.core import RedisStorageDict
    redis_url = f"redis://127.0.0.1:{os.environ['REDIS_PORT']}/2"
    client = redis.from_url(redis_url, decode_responses=False, socket_timeout=5.0, socket_connect_timeout=5.0,
                            retry_on_timeout=True, health_check_interval=30)
    values = RedisStorageDict(client, key_prefix="")
    values["a"] = 1
    assert client.keys("gunicorn:counter:*:metric:*")
    assert values.redis_client is client
    """)


def test_the_health_check_tells_enabled_from_gone(redis):  # noqa: F811
    run_with(redis, """
    import logging, os, signal
    logger = logging.getLogger("test")

    def check_redis_health():
        from gunicorn_prometheus_exporter.backend import get_redis_storage_manager
        manager = get_redis_storage_manager()
        if not manager.is_enabled():
            return False
        client = manager.get_client()
        if client is None:
            return False
        try:
            client.ping()
            return True
        except Exception as e:
            logger.error(f"Redis health check failed: {e}")
            return False

    assert not check_redis_health()
    from gunicorn_prometheus_exporter.backend import setup_redis_metrics, teardown_redis_metrics
    assert setup_redis_metrics() and check_redis_health()
    teardown_redis_metrics()
    assert not check_redis_health()
    """)


WITHOUT_REDIS = """
    from weir import _weir
    for name in [name for name in dir(_weir) if name.startswith(("Redis", "redis_", "MergedRedis"))]:
        if not name.endswith("Error") and name != "redis_available":
            delattr(_weir, name)
    _weir.redis_available = lambda: False
"""


@pytest.mark.parametrize("build, has_redis", [("", True), (WITHOUT_REDIS, False)], ids=["with", "without"])
def test_a_build_with_and_without_redis_says_which_it_is(build, has_redis):
    run(CURRENT, textwrap.dedent(build) + textwrap.dedent(f"""
    from gunicorn_prometheus_exporter import backend
    from gunicorn_prometheus_exporter.backend import core, service
    for package in (backend, core, service):
        assert package.REDIS_COLLECTOR_AVAILABLE is {has_redis}, package
    classes = (core.RedisMultiProcessCollector, core.RedisStorageDict, core.RedisValue, core.redis_key)
    assert [of is not None for of in classes] == [{has_redis}] * 4, classes
    try:
        service.RedisStorageManager()
        assert {has_redis}
    except ImportError as error:
        assert not {has_redis} and "no Redis" in str(error), error
    """))


def test_the_collector_without_a_client_asks_the_url_of_the_environment(redis):  # noqa: F811
    run_with(redis, """
    import pytest
    from gunicorn_prometheus_exporter.backend import RedisConnectionError, RedisMultiProcessCollector, RedisStorageDict
    from weir._weir import RedisClient
    RedisStorageDict(RedisClient(os.environ["PROMETHEUS_REDIS_URL"]), "gunicorn")[
        '["a", "a_total", {}, "A."]'] = 2
    metric, = RedisMultiProcessCollector(None).collect()
    assert metric.samples[0].value == 2
    os.environ["PROMETHEUS_REDIS_URL"] = "redis://127.0.0.1:1/0"
    with pytest.raises(RedisConnectionError, match="127.0.0.1:1"):
        RedisMultiProcessCollector(None).collect()
    """.replace("import pytest", "import os, pytest", 1), PROMETHEUS_REDIS_URL=redis.url)


def test_setup_without_its_server_says_false_and_metrics_work_and_arrive_later(redis, tmp_path):  # noqa: F811
    """The fall-back to files; unlike the reference's, what was counted meanwhile reaches Redis when it comes."""
    redis.stop()
    program = """
    import os, subprocess, sys, time
    from prometheus_client import Counter
    from gunicorn_prometheus_exporter.backend import setup_redis_metrics, is_redis_enabled, get_redis_collector
    assert setup_redis_metrics() is False and not is_redis_enabled()
    jobs = Counter("jobs", "Jobs done.")
    jobs.inc(3)
    assert [name for name in os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"]) if name.startswith("counter")]
    print("counted", flush=True)
    sys.stdin.readline()
    jobs.inc(2)
    end = time.monotonic() + 20
    while not setup_redis_metrics():
        assert time.monotonic() < end
        time.sleep(0.05)
    import weir
    assert weir.flush()
    metric, = get_redis_collector().collect()
    assert metric.samples[0].value == 5, metric
    """
    (tmp_path / "metrics").mkdir()
    environment = {**CLEAN, "PYTHONDONTWRITEBYTECODE": "1", "WEIR_FLUSH_INTERVAL": "0.1",
                   "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"), **parts(redis)}
    process = subprocess.Popen([CURRENT, "-c", textwrap.dedent(program)], env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "counted\n", process.stderr.read()
        assert redis.start()
        _, error = process.communicate("\n", timeout=60)
        assert process.returncode == 0, error
    finally:
        process.kill()
        process.wait()
        if not redis.is_running():
            redis.start()
