"""I2, I6: a Redis that is killed, emptied, restarted or cut off under load: no total falls, and afterwards all are
exact."""
import pytest

from fault_proxy import FaultProxy
from multiprocess_reading import FULL
from redis_referee import Match, let_count
from redis_servers import RedisServer, wait_until

BOTH = pytest.mark.parametrize("layout", ["per-process", "shared"])
TIMES = 10 if FULL else 3
SLOW = {"WEIR_FLUSH_INTERVAL": "1"}  # a reader is back long before such a writer: it must wait for it


def test_flushall_under_running_writers_is_healed_and_seen_by_nobody():
    with RedisServer() as redis, Match(redis) as match:
        match.start(2)
        match.start(1, **SLOW)
        for _ in range(TIMES):
            redis.cli("FLUSHALL")
            match.referee.wait_for_scrapes(3)
        match.settle()
        assert all(writer.statistics()["lost_claims"] >= 1 for writer in match.writers)


def test_flushall_also_heals_a_writer_that_stands_still():
    with RedisServer() as redis, Match(redis) as match:
        counts, _ = match.start(2, lease=6000)  # which is renewed, and so looked at, every 2 s
        match.stop()
        counts.ask("go")
        redis.cli("FLUSHALL")
        match.settle()


@pytest.mark.parametrize("keep_data", [True, False], ids=["with its data", "without its data"])
def test_a_killed_server_that_comes_back(keep_data):
    with RedisServer(appendonly=True) as redis, Match(redis) as match:
        match.start(1)
        match.start(1, **SLOW)
        for _ in range(TIMES):
            redis.kill()
            let_count(0.3)
            redis.restart(keep_data=keep_data)
            match.referee.wait_for_scrapes(2)
        match.settle()


def test_a_killed_server_that_comes_back_with_older_data():
    with RedisServer() as redis, Match(redis) as match:
        counts, stands = match.start(2)
        redis.cli("SAVE")
        match.stop()  # all that was counted since is acknowledged, and will be lost
        counts.ask("go")
        match.referee.wait_for_scrapes(2)
        redis.kill()
        redis.restart()
        match.referee.wait_for_scrapes(2)
        match.settle()
        assert sum(match.acknowledged(stands.row)) > 0


def test_a_killed_server_of_the_shared_layout_comes_back_with_its_data():
    with RedisServer("appendfsync always", appendonly=True) as redis, Match(redis, "shared") as match:
        match.start(2)
        for _ in range(TIMES):
            redis.kill()
            let_count(0.3)
            redis.restart()
            match.referee.wait_for_scrapes(2)
        match.settle()


@BOTH
def test_connections_cut_again_and_again_under_load(layout):
    with RedisServer() as redis, FaultProxy(redis.port) as proxy, \
            Match(redis, layout, PROMETHEUS_REDIS_URL=proxy.url) as match:
        match.start(2)
        # A flush says thousands of bytes, and hears a few.
        cuts = [{"to_server": size} for size in (1, 40, 300, 1500, 4000)]
        cuts += [{"from_server": size} for size in (1, 5, 40, 200)]
        for cut in cuts * (10 if FULL else 1):
            before = proxy.cuts
            proxy.cut_after(**cut)
            wait_until(lambda: proxy.cuts > before, f"cut after {cut}")
            wait_until(lambda: all(writer.statistics()["connected"] for writer in match.writers),
                       "they are connected again")
        proxy.pass_all()
        match.settle()


@BOTH
def test_replies_lost_under_load(layout):
    with RedisServer() as redis, FaultProxy(redis.port) as proxy, \
            Match(redis, layout, PROMETHEUS_REDIS_URL=proxy.url) as match:
        match.start(2)
        for _ in range(TIMES):
            proxy.drop_replies()
            let_count(0.3)
            proxy.refuse()  # so that a second attempt at once fails, too
            let_count(0.2)
            proxy.pass_all()
            match.referee.wait_for_scrapes(3)
        match.settle()
