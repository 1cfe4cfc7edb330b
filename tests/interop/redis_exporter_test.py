"""I5: Weir and the real gunicorn_prometheus_exporter share a Redis: each reads what the other wrote, and both find the
same."""
import json
import os
import subprocess

import pytest

from multiprocess_reading import CLEAN, CURRENT, headings, read, samples, show, stock, value
from processes import Writers, operation
from redis_servers import RedisServer

# What the exporter's own collector makes of a Redis.
_COLLECTOR = """
import os, sys
import redis
from prometheus_client import CollectorRegistry, generate_latest
from gunicorn_prometheus_exporter.backend.core import RedisMultiProcessCollector
registry = CollectorRegistry()
client = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))
RedisMultiProcessCollector(registry, client, "gunicorn")
sys.stdout.buffer.write(generate_latest(registry))
"""
_MARK_DEAD = """
import os, sys
import redis
from gunicorn_prometheus_exporter.backend.core import mark_process_dead_redis
client = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))
mark_process_dead_redis(int(sys.argv[1]), client, "gunicorn")
"""
MODES = ("all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent")


@pytest.fixture
def redis():
    with RedisServer() as server:
        yield server


def environment(redis, **more):
    """Of a process of either kind."""
    return {"REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port), **more}


def exporter_program(program, redis, *arguments):
    result = subprocess.run([CURRENT, "-c", program, *arguments], env={**CLEAN, **environment(redis)},
                            capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def sums(factor=1):
    """What adds up over processes."""
    return [operation("counter", "requests", 3 * factor, {"path": "/ä \"quoted\"", "code": "200"}),
            operation("counter", "requests", 0.1 * factor, {"path": "\\back\nline", "code": "500"}),
            operation("counter", "plain", factor), operation("summary", "size", 7 * factor, {"kind": "x"}),
            *[operation("histogram", "latency_seconds", v, {"route": "a"}, detail="0.1,1,2.5")
              for v in (0.05, 0.1, 2, 99)]]


def gauges(factor=1):
    return [operation("gauge", f"g_{mode}", 2.5 * factor, {"k": "v"}, detail=mode) for mode in MODES]


def without_pids(found):
    """The samples, the labels `pid` replaced by how many there are."""
    counted = {}
    for (name, labels), number in found.items():
        key = name, tuple(pair for pair in labels if pair[0] != "pid")
        counted.setdefault(key, []).append(number)
    return {key: sorted(numbers) for key, numbers in counted.items()}


def test_weir_reads_what_exporter_processes_wrote_as_stock_reads_their_files(redis, memory_directory):
    with Writers() as writers:
        for kind, place in (("exporter", environment(redis)), ("python", memory_directory)):
            for factor in (1, 2):
                writers.add(kind, place).run(sums(factor) + gauges(factor))
        text, said = show(redis.url)
        truth = stock(memory_directory)
    assert said == ""
    assert without_pids(samples(text)) == without_pids(samples(truth))
    assert headings(text) == headings(truth)


def test_exporters_collector_reads_the_sums_that_weir_wrote(redis):
    with Writers() as writers:
        for factor in (1, 2):
            writer = writers.add("weir-redis", environment(redis))
            writer.run(sums(factor))
            assert writer.flush()
        theirs, ours = samples(exporter_program(_COLLECTOR, redis)), read(redis.url)
    assert theirs == ours
    assert value(ours, "requests_total", path="/ä \"quoted\"", code="200") == 9
    assert value(ours, "latency_seconds_bucket", route="a", le="0.1") == 4
    assert value(ours, "latency_seconds_count", route="a") == 8


def test_processes_of_both_add_up_for_both_readers(redis):
    with Writers() as writers:
        for kind in ("exporter", "weir-redis", "exporter", "weir-redis"):
            writer = writers.add(kind, environment(redis))
            writer.run(sums() + [operation("gauge", "all_of_us", 5, detail="all"),
                                 operation("gauge", "together", 5, detail="sum")])
            if kind == "weir-redis":
                assert writer.flush()
        pids = {str(writer.pid) for writer in writers}
        ours = read(redis.url)
        theirs = samples(exporter_program(_COLLECTOR, redis))
    assert value(ours, "plain_total") == 4 and value(ours, "together") == 20
    assert {dict(labels)["pid"] for name, labels in ours if name == "all_of_us"} == pids
    summed = {key: number for key, number in ours.items() if not key[0].startswith(("all_of_us", "together"))}
    assert {key: theirs.get(key) for key in summed} == pytest.approx(summed)


def test_keys_and_fields_are_the_exporters(redis):
    """The same calls leave the same keys, but for Weir's own; the values are spelled as Python spells them."""
    def contents(pid):
        found = {}
        for key in redis.keys(f"gunicorn:*:{pid}:*"):
            fields = redis.cli_many([["HGETALL", key]])[0]
            found[key.replace(f":{pid}:", ":PID:")] = {name: fields.get(name) for name in ("value", "original_key")}
        return found

    with Writers() as writers:
        for kind in ("exporter", "weir-redis"):
            writer = writers.add(kind, environment(redis))
            writer.run(sums() + gauges())
            if kind == "weir-redis":
                assert writer.flush()
        theirs, ours = (contents(writer.pid) for writer in writers)
    # Upstream leaves a `gauge` without a mode beside each real gauge.
    assert ours == {key: fields for key, fields in theirs.items() if not key.startswith("gunicorn:gauge:")}


def test_weir_with_the_pid_of_an_exporter_process_takes_another_identity(redis):
    """P7: another container's process may have our pid; nothing of its keys changes, and no value is lost."""
    with Writers() as writers:
        first = writers.add("exporter", environment(redis))
        script = [operation("counter", "c", 3), operation("gauge", "g", 4, detail="all")]
        first.run(script)

        def take_its_pid():
            for key in redis.keys(f"gunicorn:*:{first.pid}:*"):
                redis.cli("RENAME", key, key.replace(f":{first.pid}:", f":{os.getpid()}:"))

        ours = writers.add("weir-redis", environment(redis), preexec_fn=take_its_pid)
        before = redis.cli_many([["HGETALL", key] for key in redis.keys(f"gunicorn:*:{ours.pid}:*")])
        assert before
        ours.run(script)
        assert ours.flush()
        assert ours.statistics()["writer"].startswith(f"{ours.pid}-")
        assert redis.cli_many([["HGETALL", key] for key in redis.keys(f"gunicorn:*:{ours.pid}:*")]) == before
        found = read(redis.url)
    assert value(found, "c_total") == 6
    assert sorted(number for (name, _), number in found.items() if name == "g") == [4, 4]


def test_a_living_writer_brings_back_what_the_exporters_cleanup_deleted(redis):
    """Until its next count the reader names what is missing."""
    script = [operation("counter", "c", 2), operation("summary", "size", 7, {"kind": "x"})]
    with Writers() as writers:
        ours, other = (writers.add("weir-redis", environment(redis)) for _ in range(2))
        for writer in (ours, other):
            writer.run(script)
            assert writer.flush()
        exporter_program(_MARK_DEAD, redis, str(ours.pid))
        text, said = show(redis.url)
        assert value(samples(text), "c_total") == 2 and "in its writer's index but holds no value" in said
        ours.run(script)
        assert ours.flush()
        found = read(redis.url)
    assert value(found, "c_total") == 6 and value(found, "size_sum", kind="x") == 21


def test_exporters_dictionary_reads_every_value_of_weirs(redis):
    program = """
import json, os
import redis
from gunicorn_prometheus_exporter.backend.core import RedisStorageDict
client = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))
print(json.dumps(sorted(RedisStorageDict.read_all_values_from_redis(client, "gunicorn"))))
"""
    with Writers() as writers:
        ours = writers.add("weir-redis", environment(redis))
        ours.run([operation("counter", "c", 3, {"a": "b"}), operation("gauge", "g", 1.5, detail="max")])
        assert ours.flush()
        found = json.loads(exporter_program(program, redis))
    assert [row[:2] for row in found] == [['["c", "c_total", {"a": "b"}, "Help."]', 3.0],
                                          ['["g", "g", {}, "Help."]', 1.5]]
