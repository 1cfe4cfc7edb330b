"""RedisStorageManager from Python: set up, asked, torn down, with prometheus_client's metrics in between."""
import pytest

from redis_programs import redis, run_with, server  # noqa: F401  (fixtures)
from redis_servers import RedisServer

PREAMBLE = """
    import logging, os
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
    from gunicorn_prometheus_exporter.backend import *
    import weir

    def seen():
        return {sample.name + "".join(sample.labels.values()): sample.value
                for metric in get_redis_collector().collect() for sample in metric.samples}

    class Kept(logging.Handler):
        lines = []
        def emit(self, record):
            self.lines.append((record.levelname, record.getMessage()))
    logging.getLogger("gunicorn_prometheus_exporter").addHandler(Kept())
"""


def test_metrics_before_and_after_set_up_live_in_redis_and_teardown_restores(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    before, stock = Counter("before", "B.", registry=None), values.ValueClass
    before.inc(2)
    assert setup_redis_metrics() and setup_redis_metrics()
    assert values.ValueClass is not stock
    after = Counter("after", "A.", ["kind"], registry=None)
    after.labels("red").inc(3)
    before.inc()
    Gauge("level", "L.", registry=None, multiprocess_mode="max").set(7)
    assert weir.flush()
    assert seen() == {"before_total": 3, "after_totalred": 3, "level": 7}, seen()
    teardown_redis_metrics()
    teardown_redis_metrics()
    assert values.ValueClass is stock
    assert not is_redis_enabled() and get_redis_client() is get_redis_collector() is None
    assert not get_redis_storage_manager().is_connected()
    assert type(Counter("later", "L.", registry=None)._value) is stock
    after.labels("red").inc(4)
    assert setup_redis_metrics() and weir.flush()
    assert seen() == {"before_total": 3, "after_totalred": 7, "level": 7}, seen()
    """)


def test_not_enabled_changes_nothing(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    stock = values.ValueClass
    os.environ["REDIS_ENABLED"] = "false"
    assert setup_redis_metrics() is False and values.ValueClass is stock and not is_redis_enabled()
    assert [line for line in Kept.lines if line[0] != "DEBUG"] == []
    """)
    assert redis.keys() == []


def test_settings_that_cannot_be_used_are_named_in_the_log(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    stock = values.ValueClass
    assert setup_redis_metrics() is False and values.ValueClass is stock
    (level, line), = Kept.lines
    assert level == "ERROR" and 'REDIS_TTL_SECONDS="soon"' in line, line
    """, REDIS_TTL_SECONDS="soon")


def test_the_factorys_client_decides_where_metrics_go(redis):  # noqa: F811
    with RedisServer() as other:
        run_with(redis, PREAMBLE + """
    import redis
    made = redis.Redis(port=int(os.environ["OTHER"]))
    manager = RedisStorageManager(redis_client_factory=lambda: made)
    assert manager.setup() and manager.get_client() is made
    Counter("jobs", "J.", registry=None).inc()
    """, OTHER=str(other.port))
        assert len(other.keys("gunicorn:counter:*:metric:*")) == 1 and redis.keys() == []


def test_the_value_class_of_a_factory_is_what_new_metrics_use(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    from gunicorn_prometheus_exporter.backend.core import RedisValue, get_redis_value_class
    stock, asked = values.ValueClass, []
    def make(client, prefix):
        asked.append((client.ping(), prefix))
        return get_redis_value_class(client, prefix)
    manager = RedisStorageManager(value_class_factory=make)
    assert manager.setup() and asked == [(True, "gunicorn")]
    counter = Counter("jobs", "J.", registry=None)
    assert isinstance(counter._value, RedisValue)
    counter.inc(3)
    assert manager.get_client().keys("gunicorn:counter:*:metric:*")  # written through
    manager.teardown()
    assert values.ValueClass is stock
    """)


def test_a_factory_that_fails_is_logged_and_metrics_go_on(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    def broken():
        raise OSError("no such server")
    stock, manager = values.ValueClass, RedisStorageManager(redis_client_factory=broken)
    assert manager.setup() is False and values.ValueClass is stock
    assert ("ERROR", "set-up of Redis metrics: no such server") in Kept.lines
    """)


def test_native_metrics_that_exist_elsewhere_refuse_the_set_up(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    del os.environ["REDIS_ENABLED"]
    weir.Counter("native", "N.").inc()
    os.environ["REDIS_ENABLED"] = "true"
    stock = values.ValueClass
    assert setup_redis_metrics() is False and values.ValueClass is stock
    assert "metrics exist already in SingleProcessBackend" in Kept.lines[-1][1], Kept.lines
    """)


def test_set_up_and_collectors_from_many_threads_are_one(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    import threading
    found = []
    def use():
        assert setup_redis_metrics()
        found.append((id(get_redis_storage_manager()), id(get_redis_collector())))
        cleanup_redis_keys()
    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    """)


def test_children_are_writers_of_their_own_and_one_process_shows_all(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    assert setup_redis_metrics()
    jobs = Counter("jobs", "J.", registry=None)
    times = Histogram("times", "T.", buckets=[1, 2], registry=None)
    jobs.inc(10)
    for _ in range(3):
        if os.fork() == 0:
            jobs.inc(5)
            times.observe(1.5)
            os._exit(0 if weir.flush() else 1)
    assert [os.wait()[1] for _ in range(3)] == [0, 0, 0]
    assert weir.flush()
    found = seen()
    assert found["jobs_total"] == 25 and found["times_bucket2.0"] == 3 == found["times_count"], found
    """)


def test_histograms_in_the_shared_layout_lie_under_pytheus_keys(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    assert setup_redis_metrics()
    times = Histogram("times", "T.", buckets=[1, 2], registry=None)
    times.observe(1.5)
    times.observe(7)
    assert weir.flush()
    assert seen() == {"times_bucket1.0": 0, "times_bucket2.0": 1, "times_bucket+Inf": 2, "times_count": 2,
                      "times_sum": 8.5}, seen()
    """, WEIR_REDIS_LAYOUT="shared")
    assert [redis.cli("GET", f"times:{part}") for part in ("1.0", "2.0", "+Inf", "count", "sum")] == [
        "0", "1", "2", "2", "8.5"]


@pytest.mark.parametrize("call", [
    "weir.redis_storage()", "weir.load_backend()", "setup_redis_metrics()", "weir.Counter('a', 'A.')",
    "weir._weir.Value('counter', 'a', 'a', (), (), 'A.')"])
def test_a_set_up_that_waits_for_the_server_lets_other_threads_run(redis, call):  # noqa: F811
    """The server sleeps until the main thread wakes it, which it could not while the call held the GIL."""
    try:
        run_with(redis, PREAMBLE + f"""
    import signal, threading, time
    server = int(os.environ["SERVER"])
    os.kill(server, signal.SIGSTOP)
    thread = threading.Thread(target=lambda: {call})
    thread.start()
    time.sleep(0.1)
    assert thread.is_alive()
    os.kill(server, signal.SIGCONT)
    thread.join()
    """, SERVER=str(redis.pid))
    finally:
        redis.resume()


def test_a_child_forked_while_a_thread_sets_up_is_not_held_up(redis):  # noqa: F811
    run_with(redis, PREAMBLE + """
    import signal, threading
    begun, let_go = threading.Event(), threading.Event()
    def slow_client():
        begun.set()
        let_go.wait(30)
        raise OSError("never mind")
    manager = RedisStorageManager(redis_client_factory=slow_client)
    thread = threading.Thread(target=manager.setup)
    thread.start()
    begun.wait(30)
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)  # ends a child that waits for ever
        os._exit(0 if manager.get_client() is None and manager.get_collector() is None else 1)
    assert os.waitpid(pid, 0)[1] == 0
    let_go.set()
    thread.join()
    """)
