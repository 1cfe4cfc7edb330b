"""The rule of docs/redis.md, least rights: it is enough for all that Weir does, on every kind of server, and no more.

The users are made as the document writes them.
"""
import hashlib
import pathlib
import re
import subprocess

import pytest

from multiprocess_reading import CLEAN, WEIR
from processes import Writers, operation
from redis_groups import Cluster, SentinelSetup
from redis_referee import Match, let_count
from redis_servers import RedisServer, wait_until

DOCUMENT = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "redis.md").read_text()
BOTH = pytest.mark.parametrize("layout", ["per-process", "shared"])


def documented(user):
    """(keys, commands) of a user of the document."""
    rule, = re.findall(rf"acl setuser {user} reset on ((?:[^\n]*\\\n)*[^\n]*)\n", DOCUMENT)
    return re.findall(r"'(\S*~\S*)'", rule), re.findall(r"\+\S+", rule)


KEY_OF_C = hashlib.md5(b'["c", "c_total", {}, "Help."]').hexdigest()
ONLY_IN_TROUBLE = {"+pexpire"}  # test_the_rule_is_enough_for_a_full_server_that_keeps_a_writer_alive
RULES = {"counts": documented("counts"), "reads": documented("reads")}


def allow(servers, *more):
    """Makes both users, with what the document names further for this kind of server."""
    for user, (keys, commands) in RULES.items():
        for server in servers:
            server.cli("ACL", "SETUSER", user, "reset", "on", f">{user}-secret", *keys, *commands, *more)


def folder_rights():
    """What the document adds for who folds."""
    more, = re.findall(r"may fold with `([^`]*)`", DOCUMENT)
    return more.split()


def as_user(user, **more):
    return {"REDIS_USERNAME": user, "REDIS_PASSWORD": f"{user}-secret", "REDIS_KEY_PREFIX": "shop", **more}


def limited(redis, layout, **more):
    """Writers and a referee that may do no more than the document says."""
    return Match(redis, layout, reader=as_user("reads"), **as_user("counts", **more))


def assert_nothing_was_denied(servers):
    for server in servers:
        assert server.cli("ACL", "LOG") == "", server.cli("ACL", "LOG")


def run_weir(user, *arguments):
    result = subprocess.run([WEIR, *arguments], capture_output=True, timeout=60, env={**CLEAN, **as_user(user)},
                            text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def play(match):
    """Counting, children, an orderly end."""
    match.start(2)
    match.referee.wait_for_scrapes(1, 120)
    match.writers[0].spawn(2, 50, "exit")
    match.settle(120)
    for writer in match.writers:
        writer.end()


class OtherDatabase:
    def __init__(self, redis):
        self.url = redis.url.removesuffix("0") + "3"

    def environment(self, **more):
        return {"REDIS_ENABLED": "true", "PROMETHEUS_REDIS_URL": self.url, **more}


@BOTH
@pytest.mark.parametrize("durability", ["buffered", "spooled", "through"])
def test_the_rule_is_enough_for_one_server_and_another_database(layout, durability, memory_directory):
    with RedisServer() as redis:
        allow([redis], "+select")
        with limited(OtherDatabase(redis), layout, WEIR_REDIS_DURABILITY=durability,
                     WEIR_SPOOL_DIR=str(memory_directory)) as match:
            match.start(1)
            redis.cli("CLIENT", "KILL", "TYPE", "normal")
            redis.cli("SCRIPT", "FLUSH")
            play(match)
        assert_nothing_was_denied([redis])


def test_the_rule_is_enough_for_a_full_server_that_keeps_a_writer_alive():
    with RedisServer("maxmemory-policy noeviction") as redis:
        allow([redis])
        with limited(redis, "per-process") as match:
            writer, = match.start(1, lease=900)
            redis.cli("CONFIG", "SET", "maxmemory", "1")
            let_count(1.5)
            # Waited for: a busy machine renews late. What cannot be renewed stays away.
            wait_until(lambda: redis.cli("EXISTS", f"shop:weir:lease:{writer.statistics()['writer']}") == "1", "it lives")
            redis.cli("CONFIG", "SET", "maxmemory", "0")
            match.settle()
        assert_nothing_was_denied([redis])


@BOTH
def test_the_rule_is_enough_for_a_cluster_whose_slots_move(layout):
    with Cluster(masters=2) as cluster:
        allow(cluster.nodes, "+cluster|slots", "+cluster|nodes", "+asking", "+readonly")
        with limited(cluster, layout) as match:
            match.start(1)
            with cluster.migrating(range(0, 8192, 16), 0, 1):
                match.referee.wait_for_scrapes(1, 120)
            play(match)
        assert_nothing_was_denied(cluster.nodes)


def test_the_rule_is_enough_for_sentinel_and_a_failover():
    with SentinelSetup(replicas=1) as setup:
        allow(setup.servers, "+role")
        for sentinel in setup.sentinels:
            sentinel.cli("ACL", "SETUSER", "counts", "on", ">counts-secret", "+sentinel", "+ping")
        with limited(setup, "per-process") as match:
            match.start(1)
            old = setup.wait_for_master()
            old.kill()
            setup.wait_for_master(other_than=old)
            play(match)
        assert_nothing_was_denied([server for server in setup.servers if server is not old])


def test_the_rule_is_enough_to_migrate_and_to_check(tmp_path):
    with RedisServer() as redis, Writers() as writers:
        allow([redis], "+scan", "+smembers", "+acl|whoami", "+acl|dryrun")
        writers.add("weir", tmp_path).run([operation("counter", "c_total", 3), operation("gauge", "g", 2, detail="max"),
                                           operation("histogram", "h", 1, detail="1.0")])
        for _ in range(2):
            run_weir("counts", "migrate", "--dir", tmp_path, "--redis", redis.url)
        assert_nothing_was_denied([redis])
        run_weir("reads", "check", "--redis", redis.url)  # it tries what it may not, to say so


def used_commands(redis):
    """Every command this server has run, those inside scripts included, since CONFIG RESETSTAT."""
    names = re.findall(r"^cmdstat_([^:]+):calls=", redis.cli("INFO", "commandstats"), re.M)
    return {f"+{name}" for name in names}


def test_every_command_of_the_rule_for_writers_is_used():
    """A command no scenario needs has no place in the rule."""
    with RedisServer("maxmemory-policy noeviction") as redis, Writers() as writers:
        allow([redis])
        redis.cli("CONFIG", "RESETSTAT")
        script = [operation("counter", "c_total", 1), operation("counter", "l_total", 1, {"a": "b"}),
                  operation("gauge", "g", 1, detail="mostrecent", verb="make"),
                  operation("gauge", "s", 1, detail="max"), operation("histogram", "h", 1, detail="1.0")]
        place = redis.environment(**as_user("counts", WEIR_FLUSH_INTERVAL="0.1"))
        for layout in ("per-process", "shared"):
            writer = writers.add("weir-redis", {**place, "WEIR_REDIS_LAYOUT": layout})
            writer.run(script)
            wait_until(writer.flush, "all is shipped")
            redis.cli("CLIENT", "KILL", "TYPE", "normal")  # whoever comes back looks whether it was folded
            writer.run(script)
            wait_until(writer.flush, "all is shipped")
            writer.end()
        # Python's exporter has the same pid: the writer leaves its name.
        retreats = writers.add("weir-redis", place)
        key = f"shop:counter:{retreats.pid}:metric:{KEY_OF_C}"
        redis.cli("HSET", key, "value", 7)
        retreats.run(script)
        wait_until(retreats.flush, "all is shipped under another name")
        assert "-" in retreats.statistics()["writer"]
        missing = set(RULES["counts"][1]) - used_commands(redis) - ONLY_IN_TROUBLE
        assert not missing, missing


def test_every_command_of_the_rule_for_readers_is_used():
    with RedisServer() as redis, Writers() as writers:
        allow([redis])
        for layout in ("per-process", "shared"):
            writer = writers.add("weir-redis", redis.environment(**as_user("counts", WEIR_REDIS_LAYOUT=layout)))
            writer.run([operation("counter", "c_total", 1), operation("counter", "l_total", 1, {"a": "b"})])
            wait_until(writer.flush, "all is shipped")
            writer.end()
        redis.cli("SET", "shop-foreign", 3)
        redis.cli("CONFIG", "RESETSTAT")
        for command in (["show"], ["show", "--layout", "shared"], ["check"]):
            run_weir("reads", *command, "--redis", redis.url)
        missing = set(RULES["reads"][1]) - used_commands(redis)
        assert not missing, missing


def test_the_rule_for_who_folds_is_enough_and_no_more():
    with RedisServer() as redis:
        allow([redis])
        redis.cli("ACL", "SETUSER", "counts", *folder_rights())
        with limited(redis, "per-process", REDIS_TTL_SECONDS="1") as match:
            parent, = match.start(1, lease=600)
            parent.spawn(2, 50, "exit")
            before = redis.cli("CONFIG", "RESETSTAT")
            assert before == "OK"
            wait_until(lambda: " 0 processes" not in fold_as("counts", redis), "they are folded", 60)
            match.settle()
            used = {f"+{name}" for name in re.findall(r"^cmdstat_(\w+):", redis.cli("INFO", "commandstats"), re.M)}
            assert set(folder_rights()) <= used | {"+persist", "+rename"}  # persist: when somebody lives again
            parent.end()
            large = match.add(lease=600, more=501)  # it moves in parts
            wait_until(lambda: large.ask("flush"), "all is shipped")
            large.process.kill()
            large.process.wait()
            wait_until(lambda: fold_as("counts", redis) and "+rename" in used_commands(redis), "it is folded", 60)
            match.settle()
            for writer in match.writers:
                writer.end()
            wait_until(lambda: redis.cli("TTL", "shop:weir:claim:retired") != "-1" or not fold_as("counts", redis),
                       "nobody lives", 60)
            match.start(1, lease=600)
            fold_as("counts", redis)
            assert redis.cli("TTL", "shop:weir:claim:retired") == "-1"
            match.settle()
        assert_nothing_was_denied([redis])


def fold_as(user, redis):
    result = subprocess.run([WEIR, "fold", "--redis", redis.url], capture_output=True, timeout=60, text=True,
                            env={**CLEAN, **as_user(user)})
    assert result.returncode == 0, result.stderr
    return result.stdout
