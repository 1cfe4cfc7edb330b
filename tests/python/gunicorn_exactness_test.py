"""Gunicorn's workers lose nothing they counted and count nothing twice, whatever becomes of them."""
import contextlib
import os
import signal
import subprocess
import time

import pytest
from gunicorn_servers import CLEAN, FULL, WEIR, WORKERS, Gunicorn, Load, files, label_values, total, wait_until
from redis_servers import RedisServer

REQUESTS = "gunicorn_worker_requests_total"
ANSWERS = "app_answers_total"


@contextlib.contextmanager
def storage(kind, tmp_path, durability="buffered"):
    """Variables that make processes count into files or into a Redis of their own."""
    if kind == "files":
        yield files(tmp_path / "metrics")
        return
    with RedisServer() as redis:
        spool = {"WEIR_SPOOL_DIR": str(tmp_path / "spool")} if durability == "spooled" else {}
        yield redis.environment(WEIR_FLUSH_INTERVAL="0.1", WEIR_REDIS_DURABILITY=durability, **spool)


def show_succeeds(url):
    """That there is something to read, and nothing was left out."""
    shown = subprocess.run([WEIR, "show", "--redis", url], capture_output=True, timeout=30, env=CLEAN)
    return shown.returncode == 0 and shown.stderr == b"" and b"gunicorn_worker_requests_total" in shown.stdout


def kill_workers_during(gunicorn, load, kills, between):
    """SIGKILLs one worker after another, each after `between` further requests."""
    killed = set()
    for _ in range(kills):
        done = load.done()
        wait_until(lambda: load.done() >= done + between, "traffic")
        victim = wait_until(lambda: next((pid for pid in gunicorn.workers() if pid not in killed), None), "a worker")
        killed.add(victim)
        gunicorn.signal(signal.SIGKILL, victim)
    done = load.done()
    wait_until(lambda: load.done() >= done + between, "traffic after the last")


def settled(gunicorn, name, least, **labels):
    """The total of a counter once it has reached `least`: at once in files, after a flush in Redis."""
    return wait_until(lambda: (found := total(gunicorn.read(), name, **labels)) >= least and found,
                      f"{name} reaches {least}")


def exact_through_kills_of_idle_workers(gunicorn, counted, kills):
    """With nothing in flight nothing is unknown: after each SIGKILL the total, returned, is exactly what was
    answered."""
    for _ in range(kills):
        victim = gunicorn.workers()[0]
        gunicorn.signal(signal.SIGKILL, victim)
        wait_until(lambda: victim not in gunicorn.workers(), "the master has reaped it")
        load = Load(gunicorn.port).run(60)
        assert load.answered == 60 and load.broken == 0
        counted += 60
        assert settled(gunicorn, REQUESTS, counted) == counted
    return counted


@pytest.mark.parametrize("worker, kind", [*[(worker, "files") for worker in WORKERS],
                                          *[(worker, "redis") for worker in WORKERS if FULL or worker == "gthread"]])
def test_every_answered_request_is_counted_once_though_workers_are_killed(tmp_path, worker, kind):
    between, kills = (400, 12) if FULL else (120, 3)
    with storage(kind, tmp_path, "spooled") as place, Gunicorn(tmp_path, worker, place=place) as gunicorn:
        load = Load(gunicorn.port).start(10**9)
        kill_workers_during(gunicorn, load, kills, between)
        load.finish()
        answered = load.answered + gunicorn.answered
        for name in (REQUESTS, ANSWERS):
            # Requests in flight in a killed worker have no answer and may have been counted: nobody can tell from
            # outside.
            assert answered <= settled(gunicorn, name, answered) <= answered + load.broken, name
        assert load.broken <= 8 * kills, "more broke than was in flight"
        counted = exact_through_kills_of_idle_workers(gunicorn, total(gunicorn.read(), REQUESTS), 6 if FULL else 1)
        gunicorn.stop()
        assert total(gunicorn.read(), REQUESTS) == counted


@pytest.mark.parametrize("kind", ["files", "redis"])
def test_the_total_is_exact_when_it_is_known_where_each_worker_was_killed(tmp_path, kind):
    """Workers that take one request at a time kill themselves in one: before it is answered, or just when it has
    been."""
    kills = 20 if FULL else 3
    with storage(kind, tmp_path, "spooled") as place, Gunicorn(tmp_path, place=place) as gunicorn:
        load = Load(gunicorn.port, threads=4).start(10**9)
        for _ in range(kills):
            done = load.done()
            assert gunicorn.fetch(gunicorn.port, "/kill") is None
            assert gunicorn.fetch(gunicorn.port, "/last") is not None
            wait_until(lambda: load.done() > done + 20, "others go on")
        load.finish()
        assert load.broken == 0
        answered = load.answered + gunicorn.answered + kills
        assert settled(gunicorn, REQUESTS, answered) == answered
        assert settled(gunicorn, ANSWERS, answered) == answered
        ended = "gunicorn_master_worker_restart_count_total"
        assert settled(gunicorn, ended, 2 * kills, reason="kill") == 2 * kills


@pytest.mark.parametrize("kind", ["files", "redis"])
def test_workers_that_end_after_max_requests_lose_nothing(tmp_path, kind):
    settings = "max_requests = 25\nmax_requests_jitter = 5"
    with storage(kind, tmp_path) as place, Gunicorn(tmp_path, place=place, settings=settings) as gunicorn:
        load = Load(gunicorn.port, threads=4).run(3000 if FULL else 300)
        assert load.broken == 0
        answered = load.answered + gunicorn.answered
        assert settled(gunicorn, REQUESTS, answered) == answered
        if kind == "files":  # dead workers' files become one, and the master serves the same
            subprocess.run([WEIR, "fold", "--dir", tmp_path / "metrics"], check=True, capture_output=True, timeout=60,
                           env=CLEAN)
            counters = list((tmp_path / "metrics").glob("counter_*.db"))
            assert len(counters) <= 7, "four workers, the master, an archive, one ending"
            assert total(gunicorn.scrape(), REQUESTS) == answered
        gunicorn.stop()
        found = gunicorn.read()
        assert total(found, REQUESTS) == answered == total(found, ANSWERS)
        ended = total(found, "gunicorn_worker_restart_total", reason="max_requests")
        assert ended >= load.answered // 30 - 4
        assert total(found, "gunicorn_worker_restart_count_total", restart_type="graceful",
                     reason="max_requests") == ended
        assert label_values(found, "worker_id") <= {f"worker_{place}" for place in range(1, 6)}, "places are used again"


MOMENTS = {  # from a start until master and workers are killed
    "it has the pid file": lambda gunicorn, load: gunicorn.master() == gunicorn.process.pid,
    "a worker is there": lambda gunicorn, load: gunicorn.workers(),
    "there is traffic": lambda gunicorn, load: load.done() > 60,
}


@pytest.mark.parametrize("kind, worker", [("files", "gthread"), *([("redis", "sync"), ("files", "sync")] if FULL else [])])
def test_after_a_kill_of_master_and_workers_at_any_moment_it_starts_again_and_counts_on(tmp_path, kind, worker):
    with storage(kind, tmp_path, "spooled") as place, Gunicorn(tmp_path, worker, place=place) as gunicorn:
        answered, broken = gunicorn.answered, 0
        for what, moment in [*MOMENTS.items()] * (4 if FULL else 1):
            load = Load(gunicorn.port, threads=4).start(10**9)
            wait_until(lambda: moment(gunicorn, load), what)
            gunicorn.kill()
            load.finish()
            answered, broken = answered + load.answered, broken + load.broken
            gunicorn.start()
        gunicorn.answered = 0
        wait_until(gunicorn._answers, "it answers again", 15)
        wait_until(gunicorn.scrape, "it serves metrics again", 15)
        answered += gunicorn.answered
        for name in (REQUESTS, ANSWERS):
            assert answered <= settled(gunicorn, name, answered) <= answered + broken, name
        if kind == "files":
            assert total(gunicorn.scrape(), REQUESTS) == total(gunicorn.read(), REQUESTS)


@pytest.mark.parametrize("kind", ["files", "redis"])
def test_a_reload_by_hup_loses_nothing(tmp_path, kind):
    with storage(kind, tmp_path) as place, Gunicorn(tmp_path, place=place, workers=2) as gunicorn:
        gunicorn.wait_for_workers()
        before = set(gunicorn.workers())
        load = Load(gunicorn.port, threads=4).start(10**9)
        gunicorn.signal(signal.SIGHUP)
        wait_until(lambda: (now := set(gunicorn.workers())) and not now & before and len(now) == 2, "other workers")
        load.finish()
        assert load.broken == 0
        answered = load.answered + gunicorn.answered
        assert settled(gunicorn, REQUESTS, answered) == answered
        assert settled(gunicorn, "gunicorn_master_worker_restart_total", 1, reason="hup") == 1
        assert settled(gunicorn, "gunicorn_master_worker_restart_count_total", 2, reason="term") == 2


def test_an_upgrade_by_usr2_loses_nothing_and_takes_the_port_over(tmp_path):
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=2) as gunicorn:
        old = gunicorn.master()
        load = Load(gunicorn.port, threads=4).start(10**9)
        gunicorn.signal(signal.SIGUSR2, old)
        second = tmp_path / "pid.2"
        new = int(wait_until(lambda: second.exists() and second.read_text(), "a second master"))
        wait_until(lambda: len(gunicorn.workers(new)) == 2, "its workers")
        gunicorn.wait_for_workers(new)
        through_both = wait_until(gunicorn.scrape, "the old master serves")
        gunicorn.signal(signal.SIGTERM, old)
        gunicorn.process.wait(timeout=30)
        try:
            after = wait_until(gunicorn.scrape, "the new master serves")
            wait_until(lambda: gunicorn.master() == new, "the new master has the pid file")
            load.finish()
            assert load.broken == 0
            answered = load.answered + gunicorn.answered
            assert total(gunicorn.scrape(), REQUESTS) == answered == total(gunicorn.scrape(), ANSWERS)
            assert total(after, REQUESTS) >= total(through_both, REQUESTS) > 0
            assert total(after, "gunicorn_master_worker_restart_total", reason="usr2") == 1
        finally:
            gunicorn.signal(signal.SIGTERM, new)
            wait_until(lambda: not os.path.exists(f"/proc/{new}"), "the new master ends")


@pytest.mark.parametrize("path", ["/slow", "/stuck"])
def test_a_worker_that_times_out_keeps_what_it_counted(tmp_path, path):
    settings = "timeout = 1\ngraceful_timeout = 1"
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=1, settings=settings) as gunicorn:
        Load(gunicorn.port, threads=1).run(20)
        gunicorn.fetch(gunicorn.port, path)  # SIGABRT ends /slow; /stuck does not hear it and is killed
        wait_until(lambda: gunicorn.workers(), "another worker")
        Load(gunicorn.port, threads=1).run(10)
        found = gunicorn.read()
        heard = path == "/slow"
        assert total(found, REQUESTS) == 30 + gunicorn.answered + heard
        assert total(found, ANSWERS) == 30 + gunicorn.answered
        assert total(found, "gunicorn_worker_restart_total", reason="abort") == heard
        assert total(found, "gunicorn_master_worker_restart_count_total", reason="timeout", restart_type="forced") == 1


@pytest.mark.parametrize("preload", [True, False])
def test_what_is_counted_while_the_application_is_imported_is_counted_once_a_process(tmp_path, preload):
    place = files(tmp_path / "metrics")
    with Gunicorn(tmp_path, place=place, settings=f"preload_app = {preload}") as gunicorn:
        wait_until(lambda: len(gunicorn.workers()) == 4, "four workers")
        load = Load(gunicorn.port).run(100)
        answered = load.answered + gunicorn.answered
        wait_until(lambda: total(gunicorn.read(), "app_imports_total") == (1 if preload else 4), "imports are counted")
        assert total(gunicorn.read(), REQUESTS) == answered == total(gunicorn.read(), ANSWERS)


@pytest.mark.parametrize("reason", ["max_requests", "abort"])
def test_workers_that_end_ship_what_they_counted_however_long_the_interval(tmp_path, reason):
    settings = "max_requests = 25" if reason == "max_requests" else ""
    with RedisServer() as redis, Gunicorn(tmp_path, place=redis.environment(WEIR_FLUSH_INTERVAL="60"), workers=2,
                                          settings=settings) as gunicorn:
        gunicorn.wait_for_workers()
        answered = Load(gunicorn.port, threads=4).run(120).answered + gunicorn.answered
        if reason == "abort":
            slow = gunicorn.workers()
            for pid in slow:
                gunicorn.signal(signal.SIGABRT, pid)  # as the master does to one that is too slow
            wait_until(lambda: not set(slow) & set(gunicorn.workers()) and len(gunicorn.workers()) == 2,
                       "other workers")
        gunicorn.stop()
        found = gunicorn.read()
        assert total(found, REQUESTS) == answered == total(found, ANSWERS)
        assert total(found, "gunicorn_worker_restart_total", reason=reason) >= 2
        assert total(found, "gunicorn_worker_restart_total", reason="term") >= 1


def test_a_redis_that_comes_after_gunicorn_gets_every_count(tmp_path):
    with RedisServer() as redis:
        redis.kill()
        with Gunicorn(tmp_path, place=redis.environment(WEIR_FLUSH_INTERVAL="0.1"), workers=2) as gunicorn:
            load = Load(gunicorn.port, threads=4).run(100)
            assert load.broken == load.refused == 0
            redis.restart()
            wait_until(lambda: show_succeeds(redis.url), "Redis can be read")
            answered = load.answered + gunicorn.answered
            assert settled(gunicorn, REQUESTS, answered) == answered == settled(gunicorn, ANSWERS, answered)


def test_a_redis_that_stops_goes_and_comes_back_costs_no_answer_and_no_count(tmp_path):
    with RedisServer(appendonly=True) as redis, \
            Gunicorn(tmp_path, place=redis.environment(WEIR_FLUSH_INTERVAL="0.1"), workers=2) as gunicorn:
        load = Load(gunicorn.port, threads=4).start(10**9)
        phases = []
        for name, change, requests in (("before", None, 200), ("stopped", redis.pause, 400),
                                       ("runs on", redis.resume, 200),
                                       ("gone", redis.kill, 400), ("back", redis.restart, 200)):
            if change:
                change()
            began = len(load.latencies)
            wait_until(lambda: load.done() >= began + requests, f"traffic while Redis is: {name}")
            phases.append((name, began, len(load.latencies)))
        load.finish()
        assert load.broken == load.refused == 0
        answered = load.answered + gunicorn.answered
        # Until every writer has said that it met the restarted server, a reader shows nothing rather than too little.
        wait_until(lambda: show_succeeds(redis.url), "Redis can be read again")
        assert settled(gunicorn, REQUESTS, answered) == answered == settled(gunicorn, ANSWERS, answered)
        for name, began, ended in phases:  # shown when something fails; bench/gunicorn/outage.py compares them
            part = sorted(load.latencies[began:ended])
            print(name, *(f"p{p}: {part[len(part) * p // 100] * 1e3:.1f} ms" for p in (50, 90, 99)))
