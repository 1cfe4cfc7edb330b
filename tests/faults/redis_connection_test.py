"""I1, I6: a Redis that goes, hangs or loses what is said costs no count and doubles none, in both layouts."""
import pytest

from fault_proxy import FaultProxy
from multiprocess_reading import read, value
from processes import Writers, operation
from redis_servers import RedisServer, wait_until

pytestmark = pytest.mark.parametrize("layout", ["per-process", "shared"])
SERIES = 20


def count(writer, number):
    writer.run([operation("counter", "c_total", number, {"series": str(i)}) for i in range(SERIES)])


def settle(writer):
    wait_until(writer.flush, "everything is acknowledged", 60)


def total(redis, layout):
    """What each series shows; all of them the same."""
    found = read(redis.url, "--layout", layout)
    numbers = {value(found, "c_total", series=str(i)) for i in range(SERIES)}
    assert len(numbers) == 1, numbers
    return numbers.pop()


def behind(proxy, layout):
    return {"REDIS_ENABLED": "true", "PROMETHEUS_REDIS_URL": proxy.url, "WEIR_REDIS_LAYOUT": layout}


@pytest.mark.parametrize("direction", ["to_server", "from_server"])
@pytest.mark.parametrize("bytes_passed", [1, 40, 300])
def test_a_connection_cut_in_the_middle_loses_and_doubles_nothing(layout, direction, bytes_passed):
    with RedisServer() as redis, FaultProxy(redis.port) as proxy, Writers() as writers:
        writer = writers.add("weir-redis", behind(proxy, layout))
        for _ in range(4):
            count(writer, 1)
            settle(writer)
            proxy.cut_after(**{direction: bytes_passed})
        proxy.pass_all()
        count(writer, 1)
        settle(writer)
        assert total(redis, layout) == 5


def test_what_the_server_did_without_a_reply_is_not_done_twice(layout):
    with RedisServer() as redis, FaultProxy(redis.port) as proxy, Writers() as writers:
        writer = writers.add("weir-redis", behind(proxy, layout))
        count(writer, 3)
        settle(writer)
        proxy.drop_replies()
        count(writer, 4)
        assert not writer.flush()
        proxy.pass_all()
        proxy.cut_all()
        settle(writer)
        assert total(redis, layout) == 7


def test_what_was_counted_before_the_first_connection_arrives(layout):
    with RedisServer() as redis, FaultProxy(redis.port) as proxy, Writers() as writers:
        proxy.refuse()
        writer = writers.add("weir-redis", behind(proxy, layout))
        count(writer, 3)
        assert not writer.flush()
        proxy.pass_all()
        settle(writer)
        assert total(redis, layout) == 3


def test_a_server_that_hangs_for_longer_than_every_timeout(layout):
    with RedisServer() as redis, Writers() as writers:
        writer = writers.add("weir-redis", redis.environment(WEIR_REDIS_LAYOUT=layout))
        count(writer, 3)
        settle(writer)
        redis.pause()
        count(writer, 4)
        assert not writer.flush()
        wait_until(lambda: writer.statistics()["failed_flushes"], "the flush fails", 60)
        redis.resume()
        settle(writer)
        assert total(redis, layout) == 7


def test_a_killed_server_that_comes_back_with_its_data(layout):
    with RedisServer(appendonly=True) as redis, Writers() as writers:
        writer = writers.add("weir-redis", redis.environment(WEIR_REDIS_LAYOUT=layout))
        count(writer, 3)
        settle(writer)
        redis.kill()
        count(writer, 4)
        assert not writer.flush()
        redis.restart()
        settle(writer)
        assert total(redis, layout) == 7
