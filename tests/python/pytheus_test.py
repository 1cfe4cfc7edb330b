"""The real pytheus over Weir's backends, beside its own, in one process and in many."""
import subprocess
import sys
import textwrap
import threading

import pytest

from multiprocess_reading import CLEAN, WEIR
from prometheus_programs import run
from redis_programs import CURRENT, redis, run_with, server  # noqa: F401  (fixtures)

METRICS = """
    import os
    from pytheus.backends import load_backend
    from pytheus.exposition import generate_metrics
    from pytheus.metrics import Counter, Gauge, Histogram, Summary
    from pytheus.registry import CollectorRegistry
    from pytheus.backends.redis import MultiProcessRedisBackend as Theirs
    import weir.pytheus
    settings = {"host": "127.0.0.1", "port": int(os.environ.get("REDIS_PORT", 0))}

    def metrics(prefix=""):
        registry = CollectorRegistry()
        return registry, (
            Counter(prefix + "hits", 'Hits "quoted" \\\\ and so on.', registry=registry),
            Counter(prefix + "requests_total", "Requests.", required_labels=["method", "code"], registry=registry),
            Gauge(prefix + "level", "Level.", registry=registry),
            Histogram(prefix + "latency", "Latency.", registry=registry),
            Histogram(prefix + "size", "Size.", required_labels=["kind"], default_labels={"kind": "none"},
                      buckets=[1, 2.5, 1e6, 1e16], registry=registry),
            Summary(prefix + "wait", "Wait.", required_labels=["queue"], registry=registry))

    def use(all_of_them):
        hits, requests, level, latency, size, wait = all_of_them
        hits.inc(3)
        requests.labels(method="GET", code="200").inc()
        requests.labels(code="404", method="POST é").inc(0.5)
        level.set(7), level.inc(), level.dec(3)
        for value in (0.005, 0.3, 1, 20, -1):
            latency.observe(value)
        size.labels(kind="red").observe(2), size.observe(1e16), size.observe(1e17)
        wait.labels(queue="mail").observe(1.5)
"""


@pytest.mark.parametrize("backend", ["SingleProcessBackend", "MultiProcessFileBackend", "MultiProcessRedisBackend"])
def test_an_exposition_is_what_pytheus_own_backend_gives(backend, redis, tmp_path):  # noqa: F811
    def exposed(choice):
        program = METRICS + f"""
    {choice}
    registry, all_of_them = metrics()
    use(all_of_them)
    import re
    def parts_sorted(line):  # pytheus has ints among its bounds, files have not; labels in any order
        if line[0] == "#":
            return line
        match = re.match(r"([^{{ ]+)(?:{{(.*)}})? (.*)", line)
        labels = sorted((name, str(float(value)) if name == "le" else value)
                        for name, value in re.findall(r'(\\w+)="([^"]*)"', match[2] or ""))
        return f"{{match[1]}} {{labels}} {{float(match[3])}}"
    print("\\n".join(sorted(map(parts_sorted, generate_metrics(registry).splitlines()))))
    """
        return run_with(redis, program, tmp_path / "metrics")

    theirs = exposed("load_backend()")
    assert exposed(f"load_backend(weir.pytheus.{backend}, settings if 'Redis' in '{backend}' else {{}})") == theirs
    assert "size_bucket [('kind', 'none'), ('le', '1e+16')] 1.0" in theirs


def test_pytheus_own_redis_backend_reads_and_writes_the_same_keys_beside_ours(redis):  # noqa: F811
    """Each counts, both expose the same sums, byte for byte."""
    run_with(redis, METRICS + """
    import pytheus.backends.base as base, weir
    Ours = weir.pytheus.MultiProcessRedisBackend
    load_backend(Theirs, settings)
    registry, theirs = metrics()
    use(theirs)
    before = set(Theirs.CONNECTION_POOL.keys())
    load_backend(Ours, settings)
    registry, ours = metrics()
    use(ours)
    assert weir.flush()
    new = {key for key in Theirs.CONNECTION_POOL.keys() if not key.startswith("weir.")} - before
    assert new == set(), new
    use(theirs)  # theirs again, on the keys ours wrote to
    by_ours = generate_metrics(registry)
    base.BACKEND_CLASS = Theirs
    by_theirs = generate_metrics(registry)
    assert by_ours == by_theirs, by_ours + by_theirs
    assert counted(by_ours)["hits"] == 9 and counted(by_ours)['latency_bucket{le="1"}'] == 12
    assert counted(by_ours)["level"] == 5  # both set it: the last one's
    assert ours[0]._metric_value_backend.get() == theirs[0]._metric_value_backend.get() == 9
    assert ours[3]._count.get() == theirs[3]._count.get() == 15
    """)


def test_our_reader_shows_what_pytheus_alone_wrote_and_what_we_wrote(redis):  # noqa: F811
    run_with(redis, METRICS + """
    load_backend(Theirs, {**settings, "key_prefix": "shop"})
    registry, all_of_them = metrics()
    use(all_of_them)
    load_backend(weir.pytheus.MultiProcessRedisBackend, {**settings, "key_prefix": "shop"})
    registry, all_of_them = metrics()
    use(all_of_them)
    """)
    shown = subprocess.run([WEIR, "show", "--redis", redis.url, "--layout", "shared", "--key-prefix", "shop"],
                           env=CLEAN, check=True, capture_output=True, text=True, timeout=30).stdout
    assert "\nhits 6\n" in shown
    assert 'requests_total{code="200",method="GET"} 2\n' in shown
    assert "\nlatency_count 10\n" in shown and 'latency_bucket{le="+Inf"} 10\n' in shown
    assert 'size_bucket{kind="red",le="2.5"} 2\n' in shown


def test_many_processes_of_files_are_scraped_as_one(tmp_path):
    program = METRICS + """
    load_backend(weir.pytheus.MultiProcessFileBackend)
    registry, all_of_them = metrics()
    use(all_of_them)
    children = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            use(all_of_them)
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    found = counted(generate_metrics(registry))
    assert found["hits"] == 12 and found["latency_count"] == 20 and found['latency_bucket{le="1.0"}'] == 16
    assert found["level"] == 5  # livesum: of those that live
    assert found['requests_total{code="404",method="POST é"}'] == 2
    """
    run(CURRENT, program, tmp_path / "metrics")
    shown = subprocess.run([WEIR, "show", "--dir", tmp_path / "metrics"], env=CLEAN, check=True, capture_output=True,
                           text=True, timeout=30).stdout
    assert "\nhits 12\n" in shown and 'latency_bucket{le="1.0"} 16\n' in shown


def test_settings_of_files_that_cannot_be_used_are_named_at_once(tmp_path):
    printed = run(CURRENT, """
    import weir, weir.pytheus
    for setting in ({"gauge_mode": "avg"}, {"gauge_mode": 3}, {"gauge_modes": "sum"}):
        try:
            weir.pytheus.load_backend(weir.pytheus.MultiProcessFileBackend, setting)
        except weir.ConfigError as error:
            print(error)
    """, tmp_path / "metrics")
    wrong, odd, unknown = printed.splitlines()
    assert "gauge_mode='avg' must be one of all, liveall, min" in wrong and "gauge_mode=3 must be" in odd
    assert "'gauge_modes' is not known" in unknown


def test_a_damaged_file_is_logged_and_the_rest_scraped(tmp_path):
    printed = run(CURRENT, METRICS + """
    import logging, sys
    logging.basicConfig(stream=sys.stdout)
    load_backend(weir.pytheus.MultiProcessFileBackend)
    registry, all_of_them = metrics()
    use(all_of_them)
    with open(os.path.join(os.environ["PROMETHEUS_MULTIPROC_DIR"], "counter_77.db"), "wb") as file:
        file.write(bytes([255]) * 64)
    for _ in range(2):
        assert counted(generate_metrics(registry))["hits"] == 3
    """, tmp_path / "metrics")
    line, = printed.splitlines()
    assert line.startswith("WARNING:weir:collect: ") and "counter_77.db" in line


def test_forked_processes_share_one_value_in_redis(redis):  # noqa: F811
    run_with(redis, METRICS + """
    import weir
    load_backend(weir.pytheus.MultiProcessRedisBackend, settings)
    registry, all_of_them = metrics()
    hits, latency = all_of_them[0], all_of_them[3]
    hits.inc(10)
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            for _ in range(1000):
                hits.inc()
                latency.observe(0.3)
            os._exit(0 if weir.flush() else 1)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    found = counted(generate_metrics(registry))
    assert found["hits"] == 4010 and found["latency_count"] == 4000 == found['latency_bucket{le="0.5"}']
    assert found['latency_bucket{le="0.25"}'] == 0
    """)


def test_observations_of_many_threads_meet_in_the_right_buckets(tmp_path):
    """observe() is a row of calls that other threads come between."""
    import weir.pytheus
    from pytheus.backends import load_backend
    from pytheus.metrics import Histogram
    load_backend(weir.pytheus.MultiProcessFileBackend, {"directory": str(tmp_path / "metrics")})
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        histogram = Histogram("thread_latency", "L.", buckets=[1, 2, 3, 4], registry=None)
        threads = [threading.Thread(target=lambda value=value: [histogram.observe(value) for _ in range(3000)])
                   for value in (0.5, 1.5, 2.5, 3.5, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [bucket.get() for bucket in histogram._buckets] == [3000, 6000, 9000, 12000, 15000]
        assert histogram._count.get() == 15000 and histogram._sum.get() == 3000 * 17
    finally:
        sys.setswitchinterval(interval)
        load_backend()


def test_a_bucket_that_is_called_by_itself_counts_too(tmp_path):
    import weir.pytheus
    from pytheus.backends import load_backend
    from pytheus.metrics import Histogram
    load_backend(weir.pytheus.MultiProcessFileBackend, {"directory": str(tmp_path / "metrics")})
    try:
        histogram = Histogram("own_latency", "L.", buckets=[1, 2], registry=None)
        histogram._buckets[1].inc(2)
        histogram._buckets[0].inc(1)
        histogram._buckets[0].dec(0.5)
        assert [bucket.get() for bucket in histogram._buckets] == [0.5, 2, 0]
        histogram._buckets[2].set(7)
        histogram._sum.set(3)
        assert [bucket.get() for bucket in histogram._buckets] == [0.5, 2, 7] and histogram._sum.get() == 3
        histogram.observe(1.5)
        assert [bucket.get() for bucket in histogram._buckets] == [0.5, 3, 8] and histogram._count.get() == 8
    finally:
        load_backend()


def test_without_its_server_pytheus_counts_and_the_rest_arrives_later(redis):  # noqa: F811
    redis.stop()
    program = METRICS + """
    import sys, time, weir
    load_backend(weir.pytheus.MultiProcessRedisBackend, {**settings, "flush_interval": 0.1})
    registry, all_of_them = metrics()
    use(all_of_them)
    print("counted", flush=True)
    sys.stdin.readline()
    use(all_of_them)
    assert weir.flush(20)
    """
    process = subprocess.Popen([CURRENT, "-c", textwrap.dedent(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True,
                               env={**CLEAN, "REDIS_PORT": str(redis.port), "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        assert process.stdout.readline() == "counted\n", process.stderr.read()
        assert redis.start()
        _, error = process.communicate("\n", timeout=60)
        assert process.returncode == 0, error
        assert float(redis.cli("GET", "hits")) == 6 and float(redis.cli("GET", "latency:count")) == 10
    finally:
        process.kill()
        process.wait()
        if not redis.is_running():
            redis.start()


def test_settings_of_redis_py_are_taken_over(tmp_path):
    from redis_servers import RedisServer
    with RedisServer(unix_socket=True, password="a b%c") as unix:
        run(CURRENT, METRICS + f"""
    load_backend(weir.pytheus.MultiProcessRedisBackend, {{"unix_socket_path": {str(unix.socket_path)!r},
        "password": "a b%c", "decode_responses": True, "socket_timeout": 3, "expire_key_time": 77}})
    registry, all_of_them = metrics()
    use(all_of_them)
    assert counted(generate_metrics(registry))["hits"] == 3
    """)
        assert 70 <= int(unix.cli("TTL", "hits")) <= 77
