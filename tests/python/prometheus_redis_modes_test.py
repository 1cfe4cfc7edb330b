"""Every kind of metric and every gauge mode, in Redis over Weir and in files by stock prometheus_client: the same program
of several processes shows the same."""
import json

import pytest

from multiprocess_reading import FULL
from prometheus_programs import CURRENT, run
from redis_programs import parts
from redis_servers import RedisServer

PROGRAM = r"""
    import json, os, random, sys
    if os.environ.get("REDIS_ENABLED"):
        import weir.prometheus
        weir.prometheus.install()
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, multiprocess

    MODES = ("all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent")
    VALUES = ("", 'q"u', "b\\s", "n\nl", "\u2028", "\U0001f40d", " sp ace ", "a,b={}", "\x00", "e\u0301", ":", "*", "[x]?")
    AMOUNTS = (0, 1, 2.5, 1024, 1e6, 0.25)
    counter = Counter("c", 'C. "q" \\ \n x', ["a", "b"])
    histogram = Histogram("h", "H.", ["a"], buckets=[0.1, 1, 1e6])
    summary = Summary("s", "S.", ["a"])
    gauges = {mode: Gauge("g_" + mode, "G.", ["a"], multiprocess_mode=mode) for mode in MODES}

    def count(process):
        choose = random.Random(f"{os.environ['SEED']} {process}")
        for _ in range(choose.randrange(5, 40)):
            a, b, amount = choose.choice(VALUES), choose.choice(VALUES), choose.choice(AMOUNTS)
            counter.labels(a, b).inc(amount), histogram.labels(a).observe(amount), summary.labels(b).observe(amount)
            for mode, gauge in gauges.items():
                if "recent" in mode or choose.random() < 0.5:
                    gauge.labels(a).set(choose.choice((amount, -amount, float("inf"), 5e-324)))
                else:
                    gauge.labels(a).inc(amount)
        if "weir" in sys.modules:
            sys.modules["weir"].flush(10)

    pids, ends = [os.getpid()], []
    for process in range(2):
        counted, told = os.pipe()
        ending, end = os.pipe()
        pids.append(os.fork())
        if pids[-1] == 0:
            for other in (end, *ends):
                os.close(other)
            count(process)
            os.write(told, b"x"), os.read(ending, 1)
            os._exit(0)
        os.read(counted, 1), ends.append(end)
    count("parent")
    found = []
    for metric in multiprocess.MultiProcessCollector(CollectorRegistry()).collect():
        for sample in metric.samples:
            labels = sorted((name, pids.index(int(value)) if name == "pid" else value)
                            for name, value in sample.labels.items())
            found.append([metric.type, metric.documentation, sample.name, labels, float(sample.value)])
    print(json.dumps(sorted(found, key=str)))
    for end in ends:
        os.close(end), os.wait()
"""


@pytest.fixture(scope="module")
def redis():
    with RedisServer() as server:
        yield server


@pytest.mark.parametrize("seed", range(40 if FULL else 2))
def test_redis_shows_what_stock_shows_of_files(redis, seed, tmp_path):
    in_files = json.loads(run(CURRENT, PROGRAM, tmp_path, SEED=str(seed)))
    in_redis = json.loads(run(CURRENT, PROGRAM, SEED=str(seed), **parts(redis, REDIS_KEY_PREFIX=f"p{seed}")))
    assert len(in_files) > 200 and {sample[2] for sample in in_files} >= {"c_total", "h_bucket", "s_sum", "g_all"}
    assert in_redis == in_files
