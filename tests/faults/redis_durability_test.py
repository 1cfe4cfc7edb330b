"""I1, I2, I6: what `spooled` and `through` add holds through deaths and failovers: nothing of a killed process is lost,
and what a write that returned had shipped is there."""
import pytest

from fault_proxy import FaultProxy
from multiprocess_reading import FULL
from redis_groups import Cluster, SentinelSetup
from redis_referee import Match, let_count
from redis_servers import RedisServer, wait_until

BOTH = pytest.mark.parametrize("layout", ["per-process", "shared"])
TIMES = 3 if FULL else 1
# Ships once when it begins to count, and not again while a test lasts: all it counts later lies in the spool only.
SELDOM = {"WEIR_FLUSH_INTERVAL": "600"}


class Spooled(Match):
    """Writers of one spool directory. Their leases are short, so that a reader waits for the dead no longer than
    that."""

    def __init__(self, redis, layout, directory):
        super().__init__(redis, layout, WEIR_REDIS_DURABILITY="spooled", WEIR_SPOOL_DIR=str(directory))

    def start(self, number=1, **options):
        return super().start(number, lease=3000, **options)

    def kill_with_unshipped_counts(self):
        """Ends a writer by SIGKILL that stands still, after a while in which it shipped nothing."""
        dies, = self.start(1, **SELDOM)
        let_count(0.3)
        dies.ask("stop")
        assert self.referee.seen["steps_of_total", (("row", str(dies.row)),)] < sum(self.acknowledged(dies.row))
        dies.process.kill()
        dies.process.wait()
        return dies

    def wait_until_adopted(self, dead):
        def there():
            seen = self.referee.seen.get(("steps_of_total", (("row", str(dead.row)),)))
            return seen == sum(self.acknowledged(dead.row))
        wait_until(there, "another process ships what the dead one counted", 60)


def fail_over_sentinel(setup):
    old = setup.wait_for_master()
    old.kill()
    setup.wait_for_master(other_than=old)
    return old


def fail_over_cluster(cluster):
    old = cluster.masters()[0]
    old.kill()
    cluster.wait_until_ok()
    return old


GROUPS = pytest.mark.parametrize("group, fail_over", [(SentinelSetup, fail_over_sentinel),
                                                      (lambda: Cluster(masters=3, replicas=1), fail_over_cluster)],
                                 ids=["sentinel", "cluster"])


@BOTH
@GROUPS
def test_the_spool_of_a_killed_writer_is_shipped_once_though_the_master_dies_in_between(layout, group, fail_over,
                                                                                        memory_directory):
    with group() as servers, Spooled(servers, layout, memory_directory) as match:
        for _ in range(TIMES):
            # Nobody else is there yet, or all adopt: the spool waits while the servers change.
            dead = match.kill_with_unshipped_counts()
            fail_over(servers).restart()
            match.start(1)
            match.wait_until_adopted(dead)
            for writer in match.writers:  # the next round's dead are to wait for the next round's failover
                writer.end()
        match.settle(120)


@BOTH
def test_a_writer_that_spools_is_killed_while_it_counts_and_ships(layout, memory_directory):
    with RedisServer() as redis, Spooled(redis, layout, memory_directory) as match:
        match.start(1)
        for _ in range(5 if FULL else 1):
            dies, = match.start(1)
            let_count(0.3)
            dies.process.kill()
            dies.process.wait()
            counted = sum(match.acknowledged(dies.row))
            row = ("steps_of_total", (("row", str(dies.row)),))
            # Of each thread's last step the acknowledgement may be missing.
            wait_until(lambda: counted <= match.referee.seen.get(row, 0) <= counted + 2, "all it counted is there", 60)
        match.watch()


@BOTH
@pytest.mark.parametrize("durability", ["through", "spooled"])
def test_a_killed_server_that_comes_back_with_its_data(layout, durability, memory_directory):
    chosen = {"WEIR_REDIS_DURABILITY": durability, "WEIR_SPOOL_DIR": str(memory_directory)}
    with RedisServer("appendfsync always", appendonly=True) as redis, Match(redis, layout, **chosen) as match:
        match.start(2)
        for _ in range(TIMES):
            redis.kill()
            let_count(0.3)
            redis.restart()
            match.referee.wait_for_scrapes(2)
        match.settle()


@BOTH
@pytest.mark.parametrize("durability", ["through", "spooled"])
def test_connections_cut_and_replies_lost_under_load(layout, durability, memory_directory):
    chosen = {"WEIR_REDIS_DURABILITY": durability, "WEIR_SPOOL_DIR": str(memory_directory)}
    with RedisServer() as redis, FaultProxy(redis.port) as proxy, \
            Match(redis, layout, PROMETHEUS_REDIS_URL=proxy.url, **chosen) as match:
        match.start(2)
        for cut in ({"to_server": 40}, {"to_server": 400}, {"from_server": 1}, {"from_server": 40}) * TIMES:
            before = proxy.cuts
            proxy.cut_after(**cut)
            wait_until(lambda: proxy.cuts > before, f"cut after {cut}")
        for _ in range(TIMES):
            proxy.drop_replies()
            let_count(0.3)
            proxy.refuse()
            proxy.pass_all()
            match.referee.wait_for_scrapes(2)
        match.settle()


@BOTH
def test_what_returned_from_through_is_there_though_the_writer_is_killed(layout):
    with RedisServer() as redis, Match(redis, layout, WEIR_REDIS_DURABILITY="through") as match:
        for _ in range(5 if FULL else 2):
            dies, = match.start(1)
            let_count(0.2)
            dies.process.kill()
            dies.process.wait()
            counted = sum(match.acknowledged(dies.row))
            match.referee.wait_for_scrapes(2)
            found = match.referee.seen["steps_of_total", (("row", str(dies.row)),)]
            assert counted <= found <= counted + 2, (counted, found)
        match.watch()


def test_a_write_through_a_failover_returns_and_is_counted_once():
    with SentinelSetup() as setup, Match(setup, WEIR_REDIS_DURABILITY="through") as match:
        writer, = match.start(1)
        old = fail_over_sentinel(setup)
        match.referee.wait_for_scrapes(2, 120)
        before = sum(match.acknowledged(writer.row))
        wait_until(lambda: sum(match.acknowledged(writer.row)) > before, "its writes return")
        old.restart()
        match.settle(120)


def test_a_writer_that_writes_through_without_a_pause_keeps_its_lease_and_its_place_in_the_epoch():
    with RedisServer() as redis, Match(redis, WEIR_REDIS_DURABILITY="through") as match:
        writer, = match.start(1, lease=3000)
        writer.ask("fast")
        lease = f"gunicorn:weir:lease:{writer.statistics()['writer']}"
        first = redis.cli("GET", lease)
        let_count(3.5)
        assert redis.cli("GET", lease) == first
        redis.cli("FLUSHALL")
        wait_until(lambda: redis.cli("GET", lease) not in ("", "pending", first), "its lease names the new epoch")
        match.settle()
        assert writer.statistics()["lost_leases"] == 0
