"""Clients of redis-py that users hand in: their settings open Weir's own connections."""
import pytest
import redis as redis_py
from gunicorn_prometheus_exporter.backend.core import RedisStorageDict
from gunicorn_prometheus_exporter.backend.core.connection import client_settings, native_client
from redis.cluster import RedisCluster
from redis.credentials import UsernamePasswordCredentialProvider
from redis.sentinel import Sentinel

import weir
from certificates import certificates
from redis_groups import Cluster, SentinelSetup
from redis_programs import redis, server  # noqa: F401  (fixtures)
from redis_servers import RedisServer
from weir import _weir


def counts_through(client):
    """Weir writes over its own connection what the client then sees, or the other way round."""
    values = RedisStorageDict(client, "gunicorn")
    values["a"] = 2.5
    key, = client.keys("gunicorn:counter:*:metric:*")
    assert float(client.hget(key, "value")) == 2.5
    client.hset(key, "value", "7")
    assert values["a"] == 7


def test_a_plain_client_of_a_password_and_a_database():
    with RedisServer(password="a b%c@/") as running:
        client = redis_py.Redis(host="127.0.0.1", port=running.port, password=running.password, db=3)
        counts_through(client)
        assert int(running.cli("-n", "3", "DBSIZE")) > 0
        assert running.cli("DBSIZE") == "0"


def test_a_user_by_a_credential_provider():
    with RedisServer(acl={"metrics": "on >secret ~* +@all"}, password="other") as running:
        provider = UsernamePasswordCredentialProvider("metrics", "secret")
        counts_through(redis_py.Redis(port=running.port, credential_provider=provider))


def test_a_wrong_password_is_its_own_error_and_not_in_the_message():
    with RedisServer(password="right") as running:
        values = RedisStorageDict(redis_py.Redis(port=running.port, password="wrong-one"), "gunicorn")
        with pytest.raises(weir.RedisAuthenticationError) as raised:
            values["a"] = 1
        assert "wrong-one" not in str(raised.value)


def test_a_unix_socket():
    with RedisServer(unix_socket=True) as running:
        counts_through(redis_py.Redis(unix_socket_path=str(running.socket_path)))
        counts_again = redis_py.from_url(f"unix://{running.socket_path}?db=1")
        counts_through(counts_again)


def test_tls_with_a_client_certificate():
    known = certificates()
    with RedisServer(tls=known.server, client_certificate=known.client) as running:
        counts_through(redis_py.Redis(
            host="localhost", port=running.port, ssl=True, ssl_ca_certs=str(known.server.authority),
            ssl_certfile=str(known.client.certificate), ssl_keyfile=str(known.client.key)))


def test_a_sentinels_master_and_a_cluster():
    with SentinelSetup(replicas=1, sentinels=3) as setup:
        addresses = [("127.0.0.1", sentinel.port) for sentinel in setup.sentinels]
        master = Sentinel(addresses).master_for("mymaster")
        assert client_settings(master)["sentinels"] == addresses
        counts_through(master)
    with Cluster(masters=3) as cluster:
        client = RedisCluster(host="127.0.0.1", port=cluster.masters()[0].port)
        values = RedisStorageDict(client, "gunicorn")
        for i in range(20):
            values[f"key {i}"] = i
        assert dict(RedisStorageDict(native_client(client), "gunicorn")) == {f"key {i}": i for i in range(20)}
        assert len([key for key in client.keys("gunicorn:*:metric:*", target_nodes=RedisCluster.PRIMARIES)]) == 20


def test_the_time_outs_are_the_clients(redis):  # noqa: F811
    values = RedisStorageDict(redis_py.Redis(port=redis.port, socket_timeout=0.1), "gunicorn")
    redis.pause()
    try:
        with pytest.raises(weir.RedisTimeoutError):
            len(values)
    finally:
        redis.resume()


def test_the_same_client_gives_the_same_connections(redis):  # noqa: F811
    client = redis_py.Redis(port=redis.port)
    assert native_client(client) is native_client(client)
    own = _weir.RedisClient(redis.url)
    assert native_client(own) is own


@pytest.mark.parametrize("client, error, message", [
    (None, ValueError, "redis_client must be provided"),
    (object(), TypeError, "redis_client=<object.*: needs to be a redis.Redis"),
    (redis_py.Redis(ssl=True, ssl_cert_reqs="none"), weir.ConfigError, "ssl_cert_reqs='none': Weir always checks"),
    (redis_py.Redis(ssl=True, ssl_ca_path="/etc/ssl"), weir.ConfigError, "ssl_ca_path: Weir takes authorities"),
    (redis_py.Redis(socket_timeout=0), weir.ConfigError, "socket_timeout=0: must be 0.001 to 3600 seconds"),
])
def test_what_cannot_be_told_is_refused(client, error, message):
    with pytest.raises(error, match=message):
        RedisStorageDict(client)


class TestRedisClient:
    def test_has_the_verbs_of_the_protocol(self, redis):  # noqa: F811
        client = _weir.RedisClient(host="127.0.0.1", port=redis.port)
        assert client.ping() is True
        assert client.hset("h", "a", 0.1) == 1 and client.hset("h", mapping={"b": b"\x00\xff", "c": 3}) == 2
        assert client.hget("h", "a") == b"0.1" and client.hget("h", "z") is None
        assert client.hsetnx("h", "a", "x") is False and client.hsetnx("h", "d", "x") is True
        assert client.hgetall("h") == {b"a": b"0.1", b"b": b"\x00\xff", b"c": b"3", b"d": b"x"}
        assert client.keys("h*") == [b"h"] == list(client.scan_iter(match="h", count=10))
        assert client.expire("h", 100) is True and client.expire("none", 100) is False
        seconds, microseconds = client.time()
        assert abs(seconds - int(redis.cli("TIME").split()[0])) <= 1 and 0 <= microseconds < 1000000
        assert client.execute_command("SET", "s", "5") == b"OK" and client.get("s") == b"5"
        assert client.pipeline([["GET", "s"], ["INCR", "s"], ["LRANGE", "l", 0, -1]]) == [b"5", 6, []]
        assert client.delete("h", "s", "none") == 2 and client.delete() == 0
        assert client.statistics()["commands"] >= 15

    def test_errors_are_the_servers_words(self, redis):  # noqa: F811
        client = _weir.RedisClient(redis.url)
        client.execute_command("SET", "s", "5")
        with pytest.raises(weir.RedisReplyError, match="WRONGTYPE"):
            client.hget("s", "a")
        with pytest.raises(weir.RedisReplyError, match="WRONGTYPE"):
            client.pipeline([["GET", "s"], ["HGET", "s", "a"]])
        assert client.statistics()["errors_replied"] == 2

    @pytest.mark.parametrize("arguments, error, message", [
        ({"url": "http://x"}, weir.ConfigError, "http"),
        ({"hots": "x"}, TypeError, "unknown argument 'hots'"),
        ({"host": "x", "socket_timeout": -1}, weir.ConfigError, "socket_timeout=-1"),
    ])
    def test_bad_arguments_are_named(self, arguments, error, message):
        with pytest.raises(error, match=message):
            _weir.RedisClient(**arguments)
