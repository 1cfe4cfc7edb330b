"""I2, I6: Sentinel fails over and a Cluster loses a master or moves slots, while writers count and a reader reads."""
import pytest

from multiprocess_reading import FULL
from redis_groups import SLOTS, Cluster, SentinelSetup
from redis_referee import Match, let_count
from redis_servers import wait_until

TIMES = 3 if FULL else 1


def test_a_sentinel_failover_under_load_when_the_master_is_killed():
    with SentinelSetup() as setup, Match(setup) as match:
        match.start(2)
        for _ in range(TIMES):
            old = setup.wait_for_master()
            old.kill()
            setup.wait_for_master(other_than=old)
            match.referee.wait_for_scrapes(3, 120)
            old.restart()
        match.settle(120)


def test_a_sentinel_failover_under_load_on_request():
    with SentinelSetup() as setup, Match(setup) as match:
        match.start(2)
        setup.failover()
        match.referee.wait_for_scrapes(3, 120)
        match.settle(120)


def test_a_master_that_hangs_and_comes_back_as_a_replica():
    with SentinelSetup() as setup, Match(setup) as match:
        match.start(2)
        old = setup.wait_for_master()
        old.pause()
        try:
            setup.wait_for_master(other_than=old)
            let_count(1)
        finally:
            old.resume()
        match.referee.wait_for_scrapes(3, 120)
        match.settle(120)


def test_a_cluster_loses_a_master_whose_replica_takes_over():
    with Cluster(masters=3, replicas=1) as cluster, Match(cluster) as match:
        match.start(3)
        cluster.kill_master(0)
        cluster.wait_until_ok()
        match.referee.wait_for_scrapes(3, 120)
        match.settle(120)


def used_slots(cluster):
    """{number of the node that serves them: slots in which keys lie}."""
    keys = cluster.keys()
    slots = set(cluster.nodes[0].cli_many(["CLUSTER", "KEYSLOT", key] for key in keys))
    return {node: sorted(slot for slot in slots if node == (slot * 3 + 2) // SLOTS) for node in range(3)}


@pytest.mark.parametrize("layout", ["per-process", "shared"])
def test_slots_move_while_writers_write_and_a_reader_reads(layout):
    patient = ["cluster-node-timeout 30000"]  # no node is to be given up because the machine is busy
    with Cluster(masters=3, lines=patient) as cluster, Match(cluster, layout) as match:
        match.start(3)
        for _ in range(TIMES):
            for source, slots in used_slots(cluster).items():
                with cluster.migrating(slots, source, (source + 1) % 3):
                    match.referee.wait_for_scrapes(2, 120)
                match.referee.wait_for_scrapes(2, 120)
                cluster.migrate_slots(slots, (source + 1) % 3, source)
        match.settle(120)


def test_a_sentinel_failover_loses_nothing_of_the_shared_layout_that_was_replicated():
    with SentinelSetup() as setup, Match(setup, "shared") as match:
        match.start(2)
        for _ in range(TIMES):
            match.stop()
            old = setup.wait_for_master()
            written = old.info("master_repl_offset")
            wait_until(lambda: all(int(r.info("master_repl_offset")) >= int(written) for r in setup.replicas()),
                       "it is replicated")
            old.kill()
            for writer in match.writers:
                writer.ask("go")
            setup.wait_for_master(other_than=old)
            match.referee.wait_for_scrapes(3, 120)
            old.restart()
        match.settle(120)
