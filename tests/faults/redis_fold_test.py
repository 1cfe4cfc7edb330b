"""Folding in Redis while writers count, pause, die and come back: totals stay exact, nothing falls (I1, I2, I8; P9)."""
import http.client
import re
import signal
import subprocess
import threading

from multiprocess_reading import CLEAN, FULL, WEIR
from redis_groups import Cluster
from redis_referee import Match, Referee
from redis_servers import RedisServer, wait_until

QUICKLY = {"REDIS_TTL_SECONDS": "1"}  # how long a dead writer's keys stay before they may be folded


def fold(url, **popen):
    result = subprocess.run([WEIR, "fold", "--redis", url], capture_output=True, text=True, timeout=120, env=CLEAN,
                            **popen)
    assert result.returncode == 0, result.stderr
    return int(re.search(r": (\d+) processes folded", result.stdout).group(1))


class Folders:
    """`weir fold`, again and again, by two at once."""

    def __init__(self, url):
        self._url, self._over = url, threading.Event()
        self._folds, self.errors = [], []
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]

    def _run(self):
        while not self._over.wait(0.05):
            try:
                self._folds.append(fold(self._url))
            except AssertionError as error:
                if "no reply within" not in str(error):  # a machine as busy as that: it is asked again
                    self.errors.append(error)

    @property
    def folded(self):
        return sum(self._folds)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=120)


def test_writers_come_and_go_while_two_fold():
    with RedisServer() as redis, Match(redis, **QUICKLY) as match, Folders(redis.url) as folders:
        parent, killed = match.start(2, lease=600)
        for _ in range(8 if FULL else 2):
            parent.spawn(5, 200, "exit")
            parent.spawn(5, 200, "_exit")
        killed.ask("stop")
        assert killed.ask("flush")
        killed.process.kill()
        killed.process.wait()
        children = 80 if FULL else 20
        wait_until(lambda: folders.folded >= children + 1, "all that ended are folded", 60)
        match.settle()
        assert folders.errors == []
        assert redis.cli("SCARD", "gunicorn:weir:writers") == "2"  # the parent and the retired one
        keys = redis.cli("DBSIZE")
        parent.spawn(5, 200, "exit")
        wait_until(lambda: folders.folded >= children + 6, "the next are folded too", 60)
        match.settle()
        wait_until(lambda: redis.cli("SCARD", "gunicorn:weir:writers") == "2", "the keys of the dead are gone")
        assert int(redis.cli("DBSIZE")) <= int(keys) + 5  # tombstones


def test_a_writer_paused_beyond_its_lease_and_folded_goes_on_exactly():
    with RedisServer() as redis, Match(redis, **QUICKLY) as match:
        stopped, _ = match.start(2, lease=600)
        for times in range(1, 4 if FULL else 3):
            stopped.process.send_signal(signal.SIGSTOP)
            wait_until(lambda: fold(redis.url) == 1, "it is folded", 60)
            match.referee.wait_for_scrapes(2)
            stopped.process.send_signal(signal.SIGCONT)
            wait_until(lambda: stopped.statistics()["fenced"] == times, "it goes on as another")
            match.referee.wait_for_scrapes(2)
        match.settle()


def test_a_fold_killed_at_any_command_changes_no_total(tmp_path):
    """At each thing it sends: before, and in the moment after."""
    with RedisServer() as redis, Match(redis, **QUICKLY) as match:
        parent, = match.start(1, lease=600)
        sends = 0
        for number in range(1, 40):
            parent.spawn(1, 50, "_exit")
            name = redis.cli("SMEMBERS", "gunicorn:weir:writers")
            assert name
            log = tmp_path / "log"
            result = subprocess.run(["strace", "-f", "-qq", "-o", log, "-e", "trace=sendto,sendmsg,write", "-e",
                                     f"inject=sendto,sendmsg,write:signal=SIGKILL:when={number}", WEIR, "fold",
                                     "--redis", redis.url],
                                    capture_output=True, timeout=60, env=CLEAN)
            sends = number
            if result.returncode == 0:
                break
        assert sends > 5
        wait_until(lambda: fold(redis.url) == 0 and redis.cli("SCARD", "gunicorn:weir:writers") == "2",
                   "all are folded", 60)
        match.settle()


def test_a_large_writer_that_comes_back_in_the_middle_of_its_fold_goes_on_exactly(tmp_path):
    """It is folded in parts. First by one who may seal it and no more, then by folders that are killed at the things
    they send."""
    with RedisServer() as redis, Match(redis, **QUICKLY) as match:
        match.start(1, lease=600)
        redis.cli("ACL", "SETUSER", "sealer", "on", ">secret", "~*", "+@all", "-incr")
        sealer = {"REDIS_USERNAME": "sealer", "REDIS_PASSWORD": "secret"}
        for number in [0, *(range(6, 50) if FULL else ())]:
            large = match.add(lease=600, more=1200)
            large.ask("go")
            wait_until(lambda: large.ask("flush"), "all is shipped")
            name = large.statistics()["writer"]
            large.process.send_signal(signal.SIGSTOP)
            wait_until(lambda: is_due(redis, name), "it may be folded")
            kill = ["strace", "-f", "-qq", "-o", tmp_path / "log", "-e", "trace=sendto,sendmsg,write", "-e",
                    f"inject=sendto,sendmsg,write:signal=SIGKILL:when={number}"] if number else []
            subprocess.run([*kill, WEIR, "fold", "--redis", redis.url], capture_output=True, timeout=60,
                           env={**CLEAN, **({} if number else sealer)})
            if not number:
                assert redis.cli("HGET", f"gunicorn:weir:claim:{name}", "token") == "sealed"
            match.referee.wait_for_scrapes(1)
            large.process.send_signal(signal.SIGCONT)
            wait_until(lambda: large.ask("flush"), "it ships again")
            if not number:
                assert large.statistics()["fenced"] == 1
                large.ask("slow")
                match.referee.wait_for_scrapes(1)
                large.ask("stop")
            large.end()
        wait_until(lambda: fold(redis.url) == 0 and len(unfolded(redis)) == 1, "all are folded", 60)
        match.settle()


def unfolded(redis):
    return [name for name in redis.cli("SMEMBERS", "gunicorn:weir:writers").split() if not name.startswith("retired")]


def is_due(redis, name):
    """No lease, and its REDIS_TTL_SECONDS are over."""
    flushed = float(redis.cli("HGET", f"gunicorn:weir:claim:{name}", "flushed_at"))
    has_lease = redis.cli("EXISTS", f"gunicorn:weir:lease:{name}") == "1"
    return not has_lease and float(redis.cli("TIME").split()[0]) > flushed + 2.6


def test_a_cluster_folds_bucket_by_bucket():
    with Cluster() as cluster, Match(cluster, **QUICKLY) as match:
        parent, = match.start(1, lease=1000)
        parent.spawn(6, 100, "exit")
        folded = 0

        def all_are_folded():
            nonlocal folded
            folded += fold(cluster.url)
            return folded >= 6
        wait_until(all_are_folded, "all that ended are folded", 60)
        match.settle()


def test_an_exporter_folds_in_the_background():
    with RedisServer() as redis, Match(redis, **QUICKLY) as match:
        exporter = Referee(redis.url, "--fold", "weir")
        match.callback(exporter.close)
        parent, = match.start(1, lease=600)
        parent.spawn(3, 100, "exit")

        def folded():
            connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=30)
            connection.request("GET", "/backend")
            return re.search(r"^weir_fold_sources_total 3$", connection.getresponse().read().decode(), re.M)
        wait_until(folded, "three are folded", 60)
        match.settle()
        assert exporter.falls == []
