"""I1, I7: writers of one Redis that fork, end, are killed, share a pid or are taken for dead: totals stay exact."""
import os
import signal

import pytest

from multiprocess_reading import FULL
from redis_referee import Match, let_count
from redis_servers import RedisServer, wait_until

BOTH = pytest.mark.parametrize("layout", ["per-process", "shared"])
# A namespace in which the program is pid 1 of its own, as in a container.
OWN_PIDS = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--pid", "--fork", "--kill-child",
            "--mount-proc"]


@BOTH
@pytest.mark.parametrize("ending", ["exit", "_exit", "grow"])
def test_forked_children_count_exactly(layout, ending):
    with RedisServer() as redis, Match(redis, layout) as match:
        before_first_use = match.add()
        before_first_use.spawn(3, 500, ending)
        after, = match.start(1)
        after.spawn(3, 500, ending)
        before_first_use.ask("go")
        before_first_use.spawn(3, 500, ending)
        match.settle()


@BOTH
def test_two_hundred_processes_coming_and_going(layout):
    with RedisServer() as redis, Match(redis, layout) as match:
        writer, = match.start(1)
        number, at_once = (1000, 20) if FULL else (200, 10)
        for i in range(number // at_once):
            writer.spawn(at_once, 100, ("exit", "_exit")[i % 2])
        match.settle()


@BOTH
def test_a_prefork_server_whose_master_counts_nothing(layout):
    with RedisServer() as redis, Match(redis, layout) as match:
        master = match.add(threads=0)
        for _ in range(3):
            master.spawn(4, 300, "_exit")
        match.settle()


@BOTH
def test_a_killed_writer_loses_at_most_what_it_counted_since_its_last_flush(layout):
    with RedisServer() as redis, Match(redis, layout) as match:
        for writer in match.start(3):
            writer.ask("stop")
            assert writer.ask("flush")
            flushed = sum(match.acknowledged(writer.row))
            writer.ask("go")
            let_count(0.3)
            writer.process.kill()
            writer.process.wait()
            match.referee.wait_for_scrapes(2)
            found = match.referee.seen["steps_of_total", (("row", str(writer.row)),)]
            # Of each thread's last step the acknowledgement may be missing.
            assert flushed <= found <= sum(match.acknowledged(writer.row)) + 2
        match.watch()


def test_processes_of_one_pid_on_one_redis_are_distinct_and_lose_nothing():
    with RedisServer() as redis, Match(redis) as match:
        writers = match.start(3, wrapper=OWN_PIDS)
        names = {writer.statistics()["writer"] for writer in writers}
        assert len(names) == 3 and len({name.split("-")[0] for name in names}) == 1, names
        match.settle()
        for writer in writers:
            writer.end()
        match.start(2, wrapper=OWN_PIDS)  # after a goodbye, too
        match.settle()


@BOTH
def test_a_writer_stopped_beyond_its_lease_that_nobody_folded_goes_on(layout):
    with RedisServer() as redis, Match(redis, layout) as match:
        stopped, _ = match.start(2, lease=600)
        stopped.process.send_signal(signal.SIGSTOP)
        let_count(1.5)
        stopped.process.send_signal(signal.SIGCONT)
        match.settle()
        assert layout == "shared" or stopped.statistics()["lost_leases"] >= 1


@BOTH
def test_twenty_outages_leak_no_thread_and_no_descriptor(layout):
    with RedisServer() as redis, Match(redis, layout) as match:
        writer, = match.start(1)
        assert writer.ask("flush")
        before = writer.ask("resources")
        for _ in range(20):
            redis.cli("CLIENT", "KILL", "TYPE", "normal")
            let_count(0.05)
        for _ in range(2):
            redis.kill()
            let_count(0.5)
            redis.restart()
        match.referee.wait_for_scrapes(1)
        wait_until(lambda: writer.ask("flush"), "it ships again")
        after = writer.ask("resources")
        assert after[0] <= before[0] and after[1] <= before[1], (before, after)


def rate(match, writer):
    """Steps a second of one thread without pauses; printed, not judged: see bench/."""
    before = sum(match.acknowledged(writer.row))
    let_count(0.5)
    return (sum(match.acknowledged(writer.row)) - before) / 0.5


def test_counting_goes_on_at_its_pace_while_redis_is_down(record_property):
    with RedisServer() as redis, Match(redis) as match:
        writer, = match.start(1, threads=1)
        writer.ask("fast")
        up = rate(match, writer)
        redis.kill()
        down = rate(match, writer)
        writer.ask("slow")
        redis.restart()
        match.settle()
        record_property("steps_per_second", f"{up:.0f} with Redis, {down:.0f} while it is down")
        print(f"{up:.0f} steps/s with Redis, {down:.0f} while it is down, on {os.cpu_count()} cores")
        assert down > 0
