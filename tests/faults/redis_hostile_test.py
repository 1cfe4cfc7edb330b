"""I1, I2, I4, I6: what a hostile world does to a Redis and those who count into it: nothing is lost, or it is said."""
import contextlib
import pathlib
import socket
import subprocess

import pytest

from certificates import certificates
from multiprocess_reading import CLEAN, FULL, WEIR, program, read, value
from processes import Writers, operation
from redis_groups import Cluster
from redis_referee import Match, let_count
from redis_servers import RedisServer, wait_until

BOTH = pytest.mark.parametrize("layout", ["per-process", "shared"])
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


@BOTH
def test_tls_connections_that_break_under_load_and_a_certificate_renewed_meanwhile(layout):
    made = certificates()
    with RedisServer("appendfsync always", tls=made.server, client_certificate=made.client, appendonly=True) as redis, \
            Match(redis, layout) as match:
        match.start(2)
        for _ in range(20 if FULL else 5):
            redis.cli("CLIENT", "KILL", "TYPE", "normal")
            let_count(0.05)
        redis.cli("CONFIG", "SET", "tls-cert-file", made.stranger.certificate, "tls-key-file", made.stranger.key)
        redis.cli("CLIENT", "KILL", "TYPE", "normal")
        wait_until(lambda: "certificate" in match.writers[0].statistics()["error"], "the stranger is refused")
        redis.cli("CONFIG", "SET", "tls-cert-file", made.server.certificate, "tls-key-file", made.server.key)
        redis.kill()
        redis.restart()
        match.referee.wait_for_scrapes(2)
        match.settle()


@pytest.mark.parametrize("layout", ["per-process", "shared"] if FULL else ["shared"])
def test_a_cluster_that_is_down_for_five_seconds(layout):
    lines = ["appendonly yes", "appendfsync always"]
    with Cluster(masters=3, lines=lines) as cluster, Match(cluster, layout) as match:
        match.start(2)
        dead = cluster.kill_master(1)
        wait_until(lambda: all(n.state()["cluster_state"] == "fail" for n in cluster.nodes if n.is_running()),
                   "it is down")
        wait_until(lambda: any(not writer.statistics()["connected"] for writer in match.writers), "a writer notices")
        let_count(5 if FULL else 1)
        dead.restart()
        cluster.wait_until_ok()
        match.referee.wait_for_scrapes(2, 120)
        match.settle(120)


@BOTH
def test_labels_of_a_megabyte(layout):
    text = "ü" * 500_000
    with RedisServer() as redis, Writers() as writers:
        writer = writers.add("weir-redis", redis.environment(WEIR_REDIS_LAYOUT=layout))
        writer.run([operation("counter", "c_total", 3, {"big": text}), operation("counter", "d_total", 4)])
        wait_until(writer.flush, "all is shipped")
        found = read(redis.url, "--layout", layout)
        assert value(found, "c_total", big=text) == 3 and value(found, "d_total") == 4


@BOTH
def test_a_hundred_thousand_series(layout):
    number = 100_000 if FULL else 20_000
    with RedisServer() as redis, Writers() as writers:
        writer = writers.add("weir-redis", redis.environment(WEIR_REDIS_LAYOUT=layout))
        writer.run([operation("counter", "c_total", 1, {"i": str(i)}) for i in range(number)])
        wait_until(writer.flush, "all is shipped", 60)
        found = read(redis.url, "--layout", layout)
        assert len(found) == number and set(found.values()) == {1}


def forget_clock_of(pid):
    """What libfaketime leaves in shared memory where it was loaded without the program `faketime`."""
    left = [pathlib.Path(f"/dev/shm/{name}_{pid}") for name in ("faketime_shm", "sem.faketime_sem")]
    assert all(path.exists() for path in left)
    for path in left:
        path.unlink()


@BOTH
def test_a_clock_that_jumps(layout, tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("+0")
    jumps = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
             "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    with contextlib.ExitStack() as last, RedisServer() as redis, Match(redis, layout) as match:
        jumper, _ = match.start(1, lease=3000, **jumps) + match.start(1, lease=3000)
        last.callback(forget_clock_of, jumper.process.pid)
        for jump in ("-1h", "+1h", "-30d", "+400d", "+0"):
            clock.write_text(jump)
            let_count(4 if jump == "-30d" else 0.2)  # once longer than the lease
            shipped = jumper.statistics()["shipped"]
            wait_until(lambda: jumper.statistics()["shipped"] > shipped, f"it ships at {jump}")
        match.settle()
        assert jumper.statistics()["lost_leases"] == 0


def test_keys_that_are_evicted_are_there_again_once_there_is_room():
    """While keys are evicted totals fall: I2 excludes what others delete. Afterwards they are exact."""
    with RedisServer() as redis, Match(redis) as match:
        match.start(2)
        redis.cli("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        evicted = int(redis.info("evicted_keys"))
        redis.cli("CONFIG", "SET", "maxmemory", int(redis.info("used_memory")) - 20_000)
        wait_until(lambda: int(redis.info("evicted_keys")) > evicted + 5, "keys are evicted")
        redis.cli("CONFIG", "SET", "maxmemory", "0")
        match.stop()
        expected = match.expected()

        def healed():
            found = match.referee.totals() or {}
            return {key: found.get(key) for key in expected} == expected
        wait_until(healed, "all is there again", 60)


def first_bytes_of_a_client(host):
    """What a reader says first to a TLS server at that name of the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"rediss://{host}:{server.getsockname()[1]}/0"
        with subprocess.Popen([WEIR, "show", "--redis", url], env=CLEAN, stderr=subprocess.DEVNULL) as reader:
            server.settimeout(30)
            connection, _ = server.accept()
            with connection:
                connection.settimeout(30)
                said = connection.recv(4096)
            reader.kill()
    return said


def test_tls_names_the_server_it_wants_and_never_an_address():
    assert b"\x00\x00\x09localhost" in first_bytes_of_a_client("localhost")
    assert b"127.0.0.1" not in first_bytes_of_a_client("127.0.0.1")


MALFORMED = ["redis://:{}@127.0.0.1:port/0", "redis://:{}@127.0.0.1:99999/0", "redis://user:{}@/x",
             "redis://:{}@[::1/0", "redis://:{}@h:1/notadb", "http://:{}@h/0", "redis+sentinel://:{}@h:1",
             "redis+cluster://:{}@h:1,/0", ":{}@127.0.0.1:1", "redis://user:{}%zz@h/0", "redis://:{}@127.0.0.1:1/0",
             "rediss://user:{}@127.0.0.1:1/0", "redis+sentinel://:{}@127.0.0.1:1,127.0.0.1:2/mymaster/0",
             "redis+cluster://:{}@127.0.0.1:1", "redis+unix://:{}@/nowhere/socket", "redis://:{}@127.0.0.1:1/0?db=1",
             "redis:///:{}@127.0.0.1:1/0", "redis://:A{0}@B{0}@127.0.0.1:1/0", "redis://:A{0}/B{0}@127.0.0.1:1/0",
             "redis://:A{0}#B{0}@127.0.0.1:1/0", "redis://:A{0}?B{0}@127.0.0.1:1/0", "redis:/:{}@h",
             "redis://:{}@@127.0.0.1:1/0"]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_url_that_cannot_be_used_never_shows_its_password(url):
    secret = "hunter2-s3cret"
    environment = {**CLEAN, "REDIS_ENABLED": "true", "PROMETHEUS_REDIS_URL": url.format(secret), "REDIS_DEBUG": "1",
                   "PROMETHEUS_DEBUG": "1"}
    for command, given in (([WEIR, "show"], None), ([program("interop_redis_writer")], "flush\n"),
                           ([WEIR, "show", "--redis", url.format(secret)], None), ([WEIR, "check"], None)):
        result = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, timeout=60)
        said = result.stdout + result.stderr
        assert said and "s3cret" not in said, said
