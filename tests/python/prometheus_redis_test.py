"""prometheus_client over Weir, on a real Redis: what REDIS_ENABLED makes of an application that knows nothing of it."""

import pytest

from prometheus_programs import both_versions, run
from redis_servers import RedisServer

PROGRAM = """
    import os, prometheus_client
    from prometheus_client import Counter, Gauge, Histogram, generate_latest
    made_before = Counter("before", "B")
    made_before.inc(2)
    import weir.prometheus
    weir.prometheus.install()
    c, g, h = Counter("c", "C", ["k"]), Gauge("g", "G", multiprocess_mode="livesum"), Histogram("h", "H", buckets=[1])
    children = []
    for i in range(2):
        ready, told = os.pipe()
        ending, end = os.pipe()
        child = os.fork()
        if child == 0:
            for other in (end, *(end for _, end in children)):
                os.close(other)
            c.labels("a").inc(5), g.set(3), h.observe(0.5), made_before.inc()
            weir._weir.flush()
            os.write(told, b"x")
            os.read(ending, 1)
            os._exit(0)
        os.read(ready, 1)
        children.append((child, end))
"""


@pytest.fixture(scope="module")
def redis():
    with RedisServer() as server:
        yield server


@pytest.fixture
def empty_redis(redis):
    redis.cli("FLUSHALL")
    return redis


@both_versions
@pytest.mark.parametrize("with_directory", [False, True], ids=["redis", "redis, moved from files"])
def test_values_of_all_processes_are_scraped_from_redis(python, with_directory, empty_redis, tmp_path):
    run(python, PROGRAM + """
    c.labels("a").inc()
    expected = {"before_total": 4, 'c_total{k="a"}': 11, "g": 6, 'h_bucket{le="1.0"}': 2, 'h_bucket{le="+Inf"}': 2,
                "h_count": 2, "h_sum": 1}
    assert scraped() == expected, scraped()
    from prometheus_client import CollectorRegistry, multiprocess
    multiprocess.mark_process_dead(children[0][0])  # alive in truth: its lease says so
    collector = multiprocess.MultiProcessCollector(CollectorRegistry(), os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
    assert {s.name: s.value for m in collector.collect() for s in m.samples}["c_total"] == 11
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        assert os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"]) == []
    for child, end in children:
        os.close(end)
        os.waitpid(child, 0)
    """, tmp_path if with_directory else None, WEIR_FLUSH_INTERVAL="0.05",
        **empty_redis.environment())


@both_versions
def test_a_redis_that_is_gone_fails_the_scrape_and_not_the_counting(python):
    gone = {"PROMETHEUS_REDIS_URL": "redis://127.0.0.1:1/0"}
    run(python, """
    import weir.prometheus
    weir.prometheus.install()
    from prometheus_client import Counter
    c = Counter("c", "C")
    c.inc(3)
    try:
        expose()
    except weir._weir.RedisError as error:
        assert "127.0.0.1:1" in str(error), error
    else:
        raise AssertionError("an empty exposition would say that all is well")
    assert c._value.get() == 3
    """, None, REDIS_ENABLED="true", **gone)
