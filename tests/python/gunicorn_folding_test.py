"""What ended workers counted is folded by the master that serves: files stay few, totals exact, workers have no part in it."""
import fcntl
import os
import re
import signal
import subprocess
import sys

import pytest
from gunicorn_servers import CLEAN, FULL, PACKAGES, WEIR, Gunicorn, Load, files, label_values, total, wait_until
from redis_servers import RedisServer

from gunicorn_prometheus_exporter.folding import MasterFolding

REQUESTS = "gunicorn_worker_requests_total"
FOLDED = "weir_fold_sources_total"
BOUNDED = {"worker_id": {f"worker_{place}" for place in range(1, 6)}, "state": {"running", "quitting", "aborting"},
           "reason": {"max_requests", "kill", "chld", "term", "quit"}, "restart_type": {"graceful", "forced"}}


def on_backend(gunicorn, name):
    """A metric of the metrics server's own; None where it has none of that name."""
    found = re.search(rf"^{name} (\S+)$", Gunicorn.fetch(gunicorn.metrics_port, "/backend"), re.M)
    return found and float(found.group(1))


def counters(directory):
    return len(list(directory.glob("counter_*.db")))


def test_however_many_workers_come_and_go_their_files_stay_few(tmp_path):
    metrics, settings = tmp_path / "metrics", f"max_requests = {8 if FULL else 6}"
    most = 2 * 2 + 1 + 1 + 7  # those that live and those about to, the master, the archive, too few to be folded at once
    with Gunicorn(tmp_path, place=files(metrics), workers=2, settings=settings) as gunicorn:
        answered = gunicorn.answered
        for _ in range(20 if FULL else 3):
            load = Load(gunicorn.port, threads=4).run(50)
            assert load.broken == 0
            answered += load.answered
            gunicorn.signal(signal.SIGKILL, gunicorn.workers()[0])
            wait_until(lambda: counters(metrics) <= most, "they are folded")
            assert total(gunicorn.scrape(), REQUESTS) == answered == total(gunicorn.read(), "app_answers_total")
        ended = total(gunicorn.scrape(), "gunicorn_master_worker_restart_count_total")
        assert ended >= answered // 8 - 4 and on_backend(gunicorn, FOLDED) >= ended - 7, "one counter file a worker, or more"
        assert on_backend(gunicorn, "weir_fold_failures_total") == 0
        by_hand = subprocess.run([WEIR, "fold", "--dir", metrics], capture_output=True, text=True, timeout=60, env=CLEAN)
        assert by_hand.returncode == 0 and "another process" not in by_hand.stdout, "no worker keeps the folder's lock"
        found = gunicorn.scrape()
        assert total(found, REQUESTS) == answered
        labels = {label: label_values(found, label) for _, pairs in found for label, _ in pairs}
        assert len(labels.pop("le")) == 13 + 7 + 1 and {label: values - BOUNDED[label] for label, values in labels.items()
                                                        if not values <= BOUNDED[label]} == {}, "no label grows with workers"


FORKS = """
import os, signal, sys, time
import weir
from weir import _weir
folding = _weir.Folding(os.environ["PROMETHEUS_MULTIPROC_DIR"], "weir")
counter = weir.Counter("jobs", "Jobs.")
staying = []
for turn in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        counter.inc()
        folding.look_soon(), folding.stop(), folding.collect()   # inherited: they do nothing
        if turn % 4 == 0:
            signal.pause()
        os._exit(0)
    if turn % 4 == 0:
        staying.append(child)
    else:
        os.waitpid(child, 0)
    folding.look_soon()
print("forked", flush=True)
sys.stdin.readline()
for child in staying:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
folding.stop()
folding.stop()
"""


def test_a_child_forked_while_a_directory_is_folded_keeps_nothing_of_it(tmp_path):
    forks = 400 if FULL else 80
    process = subprocess.Popen([sys.executable, "-c", FORKS, str(forks)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**CLEAN, **files(tmp_path), "PYTHONPATH": PACKAGES})
    try:
        assert process.stdout.readline() == "forked\n"
        children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
        held = {os.readlink(f"/proc/{child}/fd/{fd}") for child in children for fd in os.listdir(f"/proc/{child}/fd")}
        assert len(children) == forks // 4
        assert str(tmp_path) not in held and not [path for path in held if "archive" in path]

        def free():
            descriptor = os.open(tmp_path, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:  # a fold that runs now
                return False
            finally:
                os.close(descriptor)
        wait_until(free, "nobody keeps the lock", 5)
        assert process.communicate("\n", timeout=60) and process.returncode == 0
    finally:
        process.kill()
        process.wait()
    shown = subprocess.run([WEIR, "show", "--dir", tmp_path], capture_output=True, text=True, timeout=60, env=CLEAN).stdout
    assert f"jobs_total {forks}\n" in shown
    assert counters(tmp_path) <= forks // 4 + 1 + 7 + 1, "those that stayed, the archive, too few to be folded, the parent"


DEAD = """
import os, sys, time
import weir
counter = weir.Counter("jobs", "Jobs.")
for _ in range(10):
    child = os.fork()
    if child == 0:
        counter.inc()
        os._exit(0)
    os.waitpid(child, 0)
"""
STOCK = "import prometheus_client as p; p.Counter('jobs_total', 'Jobs.').inc(5)"


@pytest.mark.parametrize("mode, left", [("auto", 12), ("weir", 2), ("all", 1)])
def test_files_of_other_clients_are_respected_as_weir_serve_does(tmp_path, monkeypatch, mode, left):
    environment = {**CLEAN, **files(tmp_path), "PYTHONPATH": PACKAGES}
    for program in (DEAD, STOCK):
        subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setenv("WEIR_FOLD", mode)
    assert counters(tmp_path) == 12, "ten children, their parent, stock"
    before, folding = signal.getsignal(signal.SIGIO), MasterFolding()
    try:
        folding.start()
        looked = "weir_writer_files_dead" if mode == "auto" else FOLDED

        def value():
            return next(s[2] for family in folding.source.collect()[0] for s in family[4] if s[0] == looked)
        wait_until(lambda: value() >= 11, "it has looked")
        assert counters(tmp_path) == left
    finally:
        folding.stop()
        signal.signal(signal.SIGIO, before)
    shown = subprocess.run([WEIR, "show", "--dir", tmp_path], capture_output=True, text=True, timeout=60, env=CLEAN).stdout
    assert "jobs_total 15\n" in shown


@pytest.mark.parametrize("variables", [{"WEIR_FOLD": "off"}, {"CLEANUP_DB_FILES": "false"}, {"REDIS_ENABLED": "true"}])
def test_nothing_is_folded_where_the_settings_say_so(tmp_path, monkeypatch, variables):
    for name, value in {**files(tmp_path), **variables}.items():
        monkeypatch.setenv(name, value)
    folding = MasterFolding()
    folding.start()
    assert folding.source is None
    folding.look_soon(), folding.stop()


def test_a_redis_is_folded_when_asked_for(tmp_path):
    """By default it shows that it looks; in the long form, after the server's three lease times, that it folds."""
    with RedisServer() as redis:
        place = redis.environment(WEIR_FLUSH_INTERVAL="0.1", WEIR_FOLD="weir", REDIS_TTL_SECONDS="1")
        with Gunicorn(tmp_path, place=place, workers=2, settings="max_requests = 10") as gunicorn:
            answered = Load(gunicorn.port, threads=4).run(60).answered + gunicorn.answered
            wait_until(lambda: total(gunicorn.read(), REQUESTS) == answered, "all are in Redis")
            assert on_backend(gunicorn, "weir_fold_failures_total") == 0
            if FULL:
                wait_until(lambda: on_backend(gunicorn, FOLDED) >= 5, "they are folded", 120)
                assert int(redis.cli("SCARD", "gunicorn:weir:writers")) <= 5
            assert total(gunicorn.scrape(), REQUESTS) == answered
