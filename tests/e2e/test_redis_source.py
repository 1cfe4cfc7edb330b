"""Which Redis `weir` reads, and what it says of one it cannot read."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from redis_servers import RedisServer, free_port  # noqa: E402

from conftest import Server  # noqa: E402

KEY = '["requests", "requests_total", {"code": "200"}, "Test."]'


@pytest.fixture(scope="module")
def redis():
    """A Redis with a password and one counter, as Python's exporter keeps it."""
    with RedisServer(password="s3cret") as server:
        redis_write(server, "gunicorn", 7)
        redis_write(server, "shop", 9)
        yield server


def redis_write(server, prefix, value):
    server.cli("HSET", f"{prefix}:counter:101:metric:aa", "value", value, "timestamp", 0, "updated_at", 0)
    server.cli("HSET", f"{prefix}:counter:101:meta:aa", "original_key", KEY, "typ", "counter", "multiprocess_mode", "all",
               "created_at", 0)


def test_who_finds_nothing_learns_which_prefix_was_read(weir, redis):
    environment = {"REDIS_PASSWORD": "s3cret", "REDIS_KEY_PREFIX": "shelf"}
    shown = weir("show", "--redis", redis.url, env=environment)
    assert "holds no metrics" in shown.stderr and "prefix shelf write there; --key-prefix" in shown.stderr
    checked = weir("check", "--redis", redis.url, env=environment)
    assert "no metrics with the prefix shelf; --key-prefix" in checked.stdout


def test_url_and_password_of_the_environment(weir, redis):
    result = weir("show", "--redis", redis.url, env={"REDIS_PASSWORD": "s3cret"})
    assert (result.returncode, result.stderr) == (0, "")
    assert 'requests_total{code="200"} 7\n' in result.stdout


def test_password_of_a_file_and_another_prefix(weir, redis, tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    result = weir("show", "--redis", redis.url, "--redis-password-file", tmp_path / "password", "--key-prefix", "shop")
    assert 'requests_total{code="200"} 9\n' in result.stdout


@pytest.mark.parametrize("variables", [
    lambda redis: {"PROMETHEUS_REDIS_URL": f"redis://:s3cret@127.0.0.1:{redis.port}"},
    lambda redis: {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port), "REDIS_PASSWORD": "s3cret"},
], ids=["url", "parts"])
def test_redis_of_the_environment_beats_its_directory(weir, redis, directory, variables):
    environment = {**variables(redis), "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    assert "temperature" in weir("show", env=environment).stdout, "a URL alone enables nothing"
    shown = weir("show", env={**environment, "REDIS_ENABLED": "true"})
    assert "temperature" not in shown.stdout
    assert 'requests_total{code="200"} 7\n' in shown.stdout
    assert "temperature" in weir("show", "--dir", directory, env={**environment, "REDIS_ENABLED": "true"}).stdout


def test_serve_reads_redis_and_shows_what_the_client_met(redis):
    server = Server("--redis", redis.url, "--listen", "127.0.0.1:0", env={"REDIS_PASSWORD": "s3cret"})
    try:
        assert 'requests_total{code="200"} 7\n' in server.text("/metrics")
        backend = server.text("/backend")
        assert "weir_redis_round_trip_seconds_bucket" in backend and "weir_redis_commands_total" in backend
        assert b"s3cret" not in server.log
    finally:
        server.close()


def test_serve_says_at_once_that_the_redis_does_not_answer(redis):
    """Before anybody scrapes; it serves all the same, and reads the Redis once it is there."""
    server = Server("--redis", f"redis://127.0.0.1:{free_port()}", "--listen", "127.0.0.1:0")
    try:
        server.wait_for(rb"warning: .*127\.0\.0\.1.*[Rr]efused.*scrapes get 503 until it answers")
        assert (server.get("/metrics")[0], server.get("/healthz")[0]) == (503, 200)
    finally:
        server.close()
    server = Server("--redis", redis.url, "--listen", "127.0.0.1:0", env={"REDIS_PASSWORD": "wrong"})
    try:
        server.wait_for(rb"warning: .*WRONGPASS.*scrapes get 503")
    finally:
        server.close()


@pytest.mark.parametrize("password, word", [("wrong", "WRONGPASS"), (None, "NOAUTH")])
def test_wrong_password_is_named_and_ends_with_one(weir, redis, password, word):
    result = weir("show", "--redis", redis.url, env={"REDIS_PASSWORD": password} if password else {})
    assert (result.returncode, result.stdout) == (1, "")
    assert word in result.stderr and "wrong" not in result.stderr.replace("WRONGPASS", "")


def test_redis_that_is_not_there_ends_with_one(weir):
    result = weir("show", "--redis", f"redis://127.0.0.1:{free_port()}")
    assert (result.returncode, result.stdout) == (1, "")
    assert "127.0.0.1" in result.stderr and "refused" in result.stderr


@pytest.mark.parametrize("arguments, words", [
    (["--redis", "redis://u:s3cret@h"], ["REDIS_PASSWORD", "PROMETHEUS_REDIS_URL", "--redis-password-file"]),
    (["--redis", "http://h"], ["--redis", "redis+unix"]),
    (["--redis", ""], ["--redis"]),
    (["--redis", "redis://h", "--dir", "/tmp"], ["--dir", "--redis"]),
    (["--dir", "/tmp", "--layout", "shared"], ["--layout"]),
    (["--redis", "redis://h", "--layout", "split"], ['"split"', "per-process"]),
    (["--redis", "redis://h", "--key-prefix", "a{b"], ["--key-prefix", "brace"]),
    (["--redis", "redis://h", "--redis-password-file", "/nonexistent"], ["--redis-password-file", "/nonexistent"]),
    ([], ["--redis", "REDIS_ENABLED", "PROMETHEUS_MULTIPROC_DIR"]),
])
@pytest.mark.parametrize("command", ["show", "serve"])
def test_bad_usage_ends_with_two_and_shows_no_password(weir, command, arguments, words):
    result = weir(command, *arguments)
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    assert all(word in result.stderr for word in words), result.stderr
    assert "s3cret" not in result.stderr
