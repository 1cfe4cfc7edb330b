"""gunicorn_prometheus_exporter.backend.core: the dictionary, values and their traps, on a real Redis."""
import os
import subprocess
import threading
import time

import pytest
from gunicorn_prometheus_exporter.backend import core
from gunicorn_prometheus_exporter.backend.core import RedisStorageClient, RedisStorageDict, RedisValue, redis_key
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.samples import Exemplar

import weir
from prometheus_programs import DEBIAN, run
from redis_programs import CURRENT, redis, server  # noqa: F401  (fixtures)
from weir import _weir

JOBS = redis_key("jobs", "jobs_total", [], [], "Jobs done.")


@pytest.fixture
def client(redis):  # noqa: F811
    return _weir.RedisClient(redis.url)


@pytest.fixture
def values(client):
    return RedisStorageDict(client, "gunicorn")


def in_child(function):
    """Runs it in a forked child; its assertions are the test's."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


class TestRedisStorageDict:
    def test_is_a_dictionary(self, values):
        values["b"] = 2
        values["a"] = 1
        assert list(values) == values.keys() == ["a", "b"] and len(values) == 2
        assert values.values() == [1, 2] and values.items() == [("a", 1), ("b", 2)]
        assert dict(values) == {"a": 1, "b": 2}
        assert "a" in values and "c" not in values and 7 not in values
        assert values.get("a") == 1 and values.get("c") is None and values.get("c", 3) == 3 and "c" not in values
        del values["a"]
        for missing in ("a", "c"):
            with pytest.raises(KeyError, match=missing):
                values[missing]
            with pytest.raises(KeyError, match=missing):
                del values[missing]
        assert values.pop("b") == 2 and values.pop("b", 5) == 5 and len(values) == 0
        with pytest.raises(KeyError):
            values.pop("b")
        assert values.setdefault("d", 4) == 4 and values.setdefault("d", 9) == 4
        values.clear()
        assert values.items() == []

    def test_takes_over_other_dictionaries(self, values, client):
        values.update({"a": 1}, b=2)
        values.update([("c", 3)])
        other = RedisStorageDict(client, "elsewhere")
        other.write_value("g", 4, 12.5, "gauge", "max")
        values.update(other)
        assert dict(values) == {"a": 1, "b": 2, "c": 3, "g": 4}
        assert values.read_value("g", "gauge") == (4, 12.5)

    def test_an_unknown_key_reads_zero_and_is_made(self, values, redis):  # noqa: F811
        assert values.read_value(JOBS) == (0.0, 0.0)
        key, = redis.keys(f"gunicorn:counter:{os.getpid()}:metric:*")
        assert redis.cli("HMGET", key, "value", "timestamp").split() == ["0.0", "0.0"]
        assert redis.cli("HGET", key.replace(":metric:", ":meta:"), "original_key") == JOBS

    def test_a_value_without_a_timestamp_is_stamped_now_by_redis_clock(self, values, redis):  # noqa: F811
        seconds = [int(redis.cli("TIME").split()[0])]
        values.write_value(JOBS, 5)
        seconds.append(int(redis.cli("TIME").split()[0]))
        value, timestamp = values.read_value(JOBS)
        assert value == 5 and seconds[0] <= timestamp < seconds[1] + 1
        values.write_value(JOBS, 6, timestamp=123.25)
        assert values.read_value(JOBS) == (6, 123.25)

    def test_gauges_lie_under_their_mode(self, values, redis):  # noqa: F811
        values.write_value(JOBS, 1, 2, metric_type="gauge", multiprocess_mode="livemax")
        assert len(redis.keys(f"gunicorn:gauge_livemax:{os.getpid()}:metric:*")) == 1
        assert values.read_value(JOBS, "gauge") == (1, 2)  # found under the mode it is kept

    @pytest.mark.parametrize("given, used", [("", "gunicorn"), (None, "gunicorn"), ("shop:", "shop"), ("a:b", "a:b")])
    def test_the_prefix(self, client, redis, given, used):  # noqa: F811
        RedisStorageDict(client, given)["x"] = 1
        assert [key.rsplit(":counter:")[0] for key in redis.keys("*:metric:*")] == [used]

    @pytest.mark.parametrize("prefix", ["a:metric:b", "a{b"])
    def test_a_prefix_that_cannot_be_is_refused(self, client, prefix):
        with pytest.raises(weir.ConfigError, match=prefix.replace("{", r"\{")):
            RedisStorageDict(client, prefix)

    def test_metadata_are_made_once(self, values, redis):  # noqa: F811
        values.ensure_metadata(JOBS, typ="gauge", multiprocess_mode="max")
        key, = redis.keys("*:meta:*")
        made = redis.cli("HGETALL", key)
        values.ensure_metadata(JOBS, typ="gauge", multiprocess_mode="max")
        assert redis.cli("HGETALL", key) == made and redis.cli("HGET", key, "typ") == "gauge"

    def test_all_values_come_one_by_one(self, values, client):
        values.write_value("a", 1, 10)
        values.write_value("b", 2, 20, "gauge", "min")
        found = values.read_all_values()
        assert iter(found) is iter(found)  # a generator, as callers expect
        assert sorted(found) == [("a", 1, 10), ("b", 2, 20)]
        assert len(list(RedisStorageDict.read_all_values_from_redis(client, "gunicorn"))) == 2

    def test_a_dead_worker_loses_live_gauges_alone(self, values, redis):  # noqa: F811
        read, write = os.pipe()

        def work():
            values.write_value("c", 1)
            values.write_value("g", 1, None, "gauge", "liveall")
            values.write_value("h", 1, None, "gauge", "max")
            os.write(write, str(os.getpid()).encode())

        in_child(work)
        pid = int(os.read(read, 100))
        os.close(read), os.close(write)
        assert values.cleanup_dead_worker(pid) == 1
        assert sorted(key.split(":")[1] for key in redis.keys("*:metric:*")) == ["counter", "gauge_max"]

    def test_a_forked_child_has_an_empty_dictionary(self, values):
        values["a"] = 1

        def child():
            assert len(values) == 0
            values["b"] = 2
        in_child(child)
        assert dict(values) == {"a": 1}

    def test_threads_may_write_at_once(self, values):
        threads = [threading.Thread(target=lambda i=i: [values.__setitem__(f"{i}-{j}", j) for j in range(50)])
                   for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(values) == 200 and values["3-49"] == 49

    def test_a_call_that_waits_lets_other_threads_run(self, values, redis):  # noqa: F811
        """The server sleeps until the main thread wakes it: were the GIL held, the call would run into its time-out."""
        values["a"] = 1
        redis.pause()
        found = []
        thread = threading.Thread(target=lambda: found.append(values["a"]))
        try:
            thread.start()
            time.sleep(0.05)  # it waits for the server now
            assert found == []
        finally:
            redis.resume()
        thread.join()
        assert found == [1]


class TestRedisStorageClient:
    def test_puts_gets_makes_values_and_cleans_up(self, client):
        storage = RedisStorageClient(client, "gunicorn")
        storage.put(JOBS, 5, 7.5)
        assert storage.get(JOBS) == (5, 7.5) and storage.get_client() is client
        value = storage.get_value_class()("counter", "v", "v_total", (), (), "V.")
        value.inc(2)
        assert storage.get(redis_key("v", "v_total", [], [], "V."))[0] == 2
        assert storage.cleanup_process_keys(os.getpid()) == 0 and storage.get(JOBS) == (5, 7.5)


class TestRedisValue:
    def test_counts_stamps_and_is_scraped(self, client):
        jobs = RedisValue("counter", "jobs", "jobs_total", ["kind"], ["red"], "Jobs.", redis_client=client)
        jobs.inc(), jobs.inc(2.5)
        assert (jobs.get(), jobs.get_timestamp()) == (3.5, 0)
        level = RedisValue("gauge", "level", "level", [], [], "Level.", "mostrecent", redis_client=client)
        level.set(4, timestamp=99.5)
        assert (level.get(), level.get_timestamp()) == (4, 99.5)
        registry = CollectorRegistry()
        core.RedisMultiProcessCollector(registry, client)
        text = generate_latest(registry).decode()
        assert 'jobs_total{kind="red"} 3.5\n' in text and "\nlevel 4.0\n" in text and "# TYPE level gauge" in text

    def test_needs_a_client_and_refuses_to_count_down(self, client):
        with pytest.raises(ValueError, match="redis_client must be provided"):
            RedisValue("counter", "a", "a_total", [], [], "A.")
        with pytest.raises(ValueError, match="-1"):
            RedisValue("counter", "a", "a_total", [], [], "A.", redis_client=client).inc(-1)
        with pytest.raises(ValueError, match="histo"):
            RedisValue("histo", "a", "a_total", [], [], "A.", redis_client=client)

    def test_keeps_the_newest_exemplar(self, client):
        jobs = RedisValue("counter", "jobs", "jobs_total", [], [], "Jobs.", redis_client=client)
        assert jobs.get_exemplar() is None
        jobs.inc()
        jobs.set_exemplar(Exemplar({"trace": "a"}, 1.0, 5.5))
        jobs.set_exemplar(Exemplar({"trace": "b"}, 1.0))
        assert jobs.get_exemplar() == Exemplar({"trace": "b"}, 1.0, None)
        metric, = core.RedisMultiProcessCollector(None, client).collect()
        assert metric.samples[0].exemplar.labels == {"trace": "b"}

    def test_the_configured_class_is_a_value_class_of_prometheus_client(self, client):
        made = core.get_redis_value_class(client, "shop")("counter", "jobs", "jobs_total", ("n",), (7,), "Jobs.", pid=1)
        made.inc()
        assert made._multiprocess and client.keys("shop:counter:*:metric:*")


class TestCollector:
    def test_buckets_are_cumulated_or_stand_as_stored(self, client):
        for bound, count in (("1.0", 2), ("2.0", 3), ("+Inf", 1)):
            RedisValue("histogram", "t", "t_bucket", ["le"], [bound], "T.", redis_client=client).inc(count)
        RedisValue("histogram", "t", "t_sum", [], [], "T.", redis_client=client).inc(9)

        def merged(**how):
            metric, = core.RedisMultiProcessCollector.merge_from_redis(client, "gunicorn", **how)
            return {(sample.name, sample.labels.get("le")): sample.value for sample in metric.samples}

        assert merged() == {("t_bucket", "1.0"): 2, ("t_bucket", "2.0"): 5, ("t_bucket", "+Inf"): 6,
                            ("t_count", None): 6, ("t_sum", None): 9}
        assert merged(accumulate=False) == {("t_bucket", "1.0"): 2, ("t_bucket", "2.0"): 3, ("t_bucket", "+Inf"): 1,
                                            ("t_sum", None): 9}

    def test_a_merge_logs_what_it_leaves_out_and_raises_when_it_must_wait(self, client, redis, caplog):  # noqa: F811
        RedisValue("counter", "jobs", "jobs_total", [], [], "Jobs.", redis_client=client).inc(3)
        redis.cli("SET", "gunicorn:counter:77:metric:" + 32 * "a", "no hash")
        metric, = core.RedisMultiProcessCollector.merge_from_redis(client, "gunicorn")
        assert metric.samples[0].value == 3 and "gunicorn:counter:77:metric:" in caplog.text
        redis.cli("HSET", "gunicorn:weir:claim:78", "token", "t", "lease", "60000")
        redis.cli("SADD", "gunicorn:weir:writers", "78")
        redis.cli("SET", "gunicorn:weir:epoch", "0123456789abcdef")
        redis.cli("SET", "gunicorn:weir:lease:78", "of.another.epoch")  # it has not met the restarted server yet
        with pytest.raises(weir.RedisError, match="waiting at most one lease time for writers 78"):
            core.RedisMultiProcessCollector.merge_from_redis(client, "gunicorn")

    def test_a_name_that_prometheus_client_refuses_is_left_out_and_logged(self, redis):  # noqa: F811
        """0.16 allows the classic names only; other clients may have written others."""
        printed = run(DEBIAN, """
        import logging, os, sys
        from gunicorn_prometheus_exporter.backend.core import RedisMultiProcessCollector, RedisValue
        from weir._weir import RedisClient
        logging.basicConfig(stream=sys.stdout)
        client = RedisClient(os.environ["URL"])
        for name in ("good", "odd name"):
            RedisValue("gauge", name, name, [], [], "G.", "max", redis_client=client).set(3)
        collector = RedisMultiProcessCollector(None, client)
        for _ in range(2):
            assert [metric.name for metric in collector.collect()] == ["good"]
        """, URL=redis.url)
        line, = printed.splitlines()
        assert "odd name" in line

    def test_collects_on_in_a_forked_child(self, client):
        RedisValue("counter", "jobs", "jobs_total", [], [], "Jobs.", redis_client=client).inc(3)
        collector = core.RedisMultiProcessCollector(None, client)
        assert collector.collect()[0].samples[0].value == 3

        def child():
            assert collector.collect()[0].samples[0].value == 3
        in_child(child)
        assert collector.statistics()["series"] == 1

    def test_a_server_that_is_gone_is_an_error_not_an_empty_page(self, client, redis):  # noqa: F811
        collector = core.RedisMultiProcessCollector(None, client)
        assert collector.collect() == []
        redis.stop()
        try:
            with pytest.raises(weir.RedisConnectionError, match=str(redis.port)):
                collector.collect()
        finally:
            redis.start()


UPSTREAM = """
import sys
import redis
import gunicorn_prometheus_exporter
assert "site-packages" in gunicorn_prometheus_exporter.__file__
from gunicorn_prometheus_exporter.backend.core import RedisMultiProcessCollector, get_redis_value_class
client = redis.Redis(port=int(sys.argv[1]))
Value = get_redis_value_class(client, "gunicorn")
Value("counter", "jobs", "jobs_total", ("kind",), ("red",), "Jobs.").inc(4)
for metric in RedisMultiProcessCollector.merge_from_redis(client, "gunicorn"):
    for sample in metric.samples:
        print(sample.name, dict(sample.labels), sample.value)
"""


def test_the_python_exporter_reads_ours_and_we_read_its(client, redis, tmp_path):  # noqa: F811
    RedisValue("counter", "jobs", "jobs_total", ["kind"], ["red"], "Jobs.", redis_client=client).inc(3)
    RedisValue("counter", "jobs", "jobs_total", ["kind"], ["blue"], "Jobs.", redis_client=client).inc(1)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment.update(PROMETHEUS_BIND_ADDRESS="127.0.0.1", PROMETHEUS_METRICS_PORT="9191", GUNICORN_WORKERS="1",
                       PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    done = subprocess.run([CURRENT, "-c", UPSTREAM, str(redis.port)], env=environment, cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["jobs_total {'kind': 'blue'} 1.0", "jobs_total {'kind': 'red'} 7.0"]
    metric, = core.RedisMultiProcessCollector(None, client).collect()
    assert {sample.labels["kind"]: sample.value for sample in metric.samples} == {"red": 7, "blue": 1}
