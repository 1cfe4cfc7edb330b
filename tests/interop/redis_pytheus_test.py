"""I5: Weir's shared layout and the real pytheus count into the same keys, and each reads the sum of both."""
import ast

import pytest

from multiprocess_reading import read, samples, value
from processes import Writers, operation
from redis_servers import RedisServer


@pytest.fixture
def redis():
    with RedisServer() as server:
        yield server


def environment(redis):
    """Of a process of either kind."""
    return {"REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port),
            "WEIR_REDIS_LAYOUT": "shared", "REDIS_KEY_PREFIX": ""}


def script(factor=1):
    """pytheus exposes a counter by the name it was given, so these end in _total."""
    return [operation("counter", "requests_total", 3 * factor, {"path": "/ä \"quoted\"", "code": "200"}),
            operation("counter", "requests_total", 2 * factor, {"path": "\\back\nline", "code": "500"}),
            operation("counter", "plain_total", factor), operation("summary", "size", 7 * factor),
            operation("summary", "size_by", 8 * factor, {"kind": "x"}),
            *[operation("histogram", "latency_seconds", v, {"route": "a"}, detail="0.1,1,2.5")
              for v in (0.0625, 2, 99)],
            operation("histogram", "bare_seconds", 0.5, detail="0.25,10"),
            operation("gauge", "temperature", 2.5 * factor, {"room": "b"}, detail="sum", verb="set"),
            operation("gauge", "queue", 4 * factor, detail="sum", verb="inc")]


def run(writer, lines):
    writer.run(lines)
    if "interop_redis_writer" in writer.process.args[0]:
        assert writer.flush()


def pytheus_shows(writer):
    writer.process.stdin.write("expose\n")
    writer.process.stdin.flush()
    return samples(ast.literal_eval(writer.process.stdout.readline()))


def contents(redis):
    """{key: text, or {field: text}}, the numbers read; without Weir's own keys."""
    found = {}
    for key in redis.keys():
        if key.startswith("weir."):
            continue
        if redis.cli("TYPE", key) == "hash":
            found[key] = {name: float(text) for name, text in redis.cli_many([["HGETALL", key]])[0].items()}
        else:
            found[key] = float(redis.cli("GET", key))
    return found


def test_the_same_calls_leave_the_same_keys_and_fields(redis):
    with RedisServer() as other, Writers() as writers:
        run(writers.add("pytheus", environment(redis)), script())
        run(writers.add("weir-redis", environment(other)), script())
        theirs, ours = contents(redis), contents(other)
    assert ours == theirs
    assert set(ours["requests_total"]) == {'{"path": "/\\u00e4 \\"quoted\\"", "code": "200"}',
                                           '{"path": "\\\\back\\nline", "code": "500"}'}
    assert ours["latency_seconds:+Inf"] == {'{"route": "a"}': 3}
    assert ours["latency_seconds:0.1"] == {'{"route": "a"}': 1}


def test_processes_of_both_add_up_for_both_readers(redis):
    with Writers() as writers:
        pytheus = writers.add("pytheus", environment(redis))
        run(pytheus, script())
        for kind, factor in (("weir-redis", 1), ("pytheus", 2), ("weir-redis", 5)):
            run(writers.add(kind, environment(redis)), script(factor))
        theirs, ours = pytheus_shows(pytheus), read(redis.url, "--layout", "shared")
    assert theirs == ours
    assert value(ours, "requests_total", path="/ä \"quoted\"", code="200") == 27
    assert value(ours, "latency_seconds_bucket", route="a", le="0.1") == 4
    assert value(ours, "latency_seconds_count", route="a") == 12
    assert value(ours, "queue") == 36 and value(ours, "temperature", room="b") == 12.5


@pytest.mark.parametrize("order", [("pytheus", "weir-redis"), ("weir-redis", "pytheus")])
def test_a_gauge_is_what_was_set_last_whoever_set_it(redis, order):
    with Writers() as writers:
        for kind, number in zip(order, (40, 7)):
            run(writers.add(kind, environment(redis)), [operation("gauge", "level", number, detail="sum", verb="set")])
        assert contents(redis) == {"level": 7}
        writers[0].run([operation("gauge", "level", 1, detail="sum", verb="inc")])
        if order[0] == "weir-redis":
            assert writers[0].flush()
        assert contents(redis) == {"level": 8}


def test_what_weir_brings_back_from_a_repeated_flush_is_not_counted_twice(redis):
    with Writers() as writers:
        ours = writers.add("weir-redis", environment(redis))
        for _ in range(5):
            run(ours, [operation("counter", "c_total", 1)])
            assert ours.flush()
        assert ours.statistics()["dirty"] == 0
        ours.end()
        assert contents(redis) == {"c_total": 5}
