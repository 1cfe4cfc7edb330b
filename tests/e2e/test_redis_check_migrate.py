"""`weir check --redis` and `weir migrate` on real servers: what they print, how they end, and what is there
afterwards."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from redis_servers import RedisServer, free_port  # noqa: E402

from conftest import Server, entry, fill, write_db  # noqa: E402

MODES = ("all", "min", "max", "sum", "mostrecent")


@pytest.fixture(scope="module")
def server():
    with RedisServer(password="s3cret") as redis:
        yield redis


@pytest.fixture
def redis(server):
    server.cli("FLUSHALL")
    server.cli("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction")
    return server


@pytest.fixture
def run(weir, redis):
    """Runs a subcommand on the server; the directory's merged metrics are compared by it too."""
    return lambda *arguments: weir(*arguments, "--redis", redis.url, env={"REDIS_PASSWORD": "s3cret"})


@pytest.fixture
def everything(directory):
    """Every kind of stock file, by two processes."""
    for pid in (201, 202):
        write_db(directory / f"histogram_{pid}.db",
                 [entry("wait", {"le": "0.5"}, 2.0, sample="wait_bucket"),
                  entry("wait", {"le": "+Inf"}, 1.0, sample="wait_bucket"),
                  entry("wait", {}, pid / 3, sample="wait_sum")])
        write_db(directory / f"summary_{pid}.db",
                 [entry("size", {}, 2.0, sample="size_count"), entry("size", {}, 9.5, sample="size_sum")])
        for mode in MODES:
            write_db(directory / f"gauge_{mode}_{pid}.db",
                     [entry(f"gauge_{mode}", {"a": "é\n\""}, pid, timestamp=1e9 - pid)])
        write_db(directory / f"gauge_livesum_{pid}.db", [entry("running", {}, 1.0)])
    return directory


def test_migrated_directory_is_shown_the_same_and_twice_doubles_nothing(weir, run, redis, everything):
    shown = weir("show", "--dir", everything).stdout
    expected = "".join(line + "\n" for line in shown.splitlines() if "running" not in line)
    first = run("migrate", "--dir", everything)
    assert (first.returncode, first.stderr) == (0, "")
    assert "2 files of live* gauges were left out" in first.stdout and "added" in first.stdout
    assert run("show").stdout == expected
    keys = redis.keys()
    second = run("migrate", "--dir", everything)
    assert second.returncode == 0 and "updated" in second.stdout and "added" not in second.stdout
    assert run("show").stdout == expected and redis.keys() == keys
    write_db(everything / "counter_101.db", [entry("requests", {"code": "200"}, 30.0, sample="requests_total")])
    run("migrate", "--dir", everything)
    assert 'requests_total{code="200"} 34\n' in run("show").stdout
    check = run("check")
    assert check.returncode == 0 and "migrated" in check.stdout, check.stdout


def test_dry_run_writes_nothing(run, redis, everything):
    result = run("migrate", "--dir", everything, "--dry-run")
    assert result.returncode == 0 and "would go to" in result.stdout
    assert redis.keys() == []


def test_bad_file_is_named_and_the_rest_goes_on(run, directory):
    (directory / "counter_666.db").write_bytes(b"\xff" * 5000)
    result = run("migrate", "--dir", directory)
    assert result.returncode == 1 and "counter_666.db" in result.stderr
    assert 'requests_total{code="200"} 7\n' in run("show").stdout


def test_many_processes(run, tmp_path):
    fill(tmp_path, 300, 20, distinct=False)
    result = run("migrate", "--dir", tmp_path)
    assert result.returncode == 0
    assert "6000 values of 300 processes" in result.stdout and "and 270 more" in result.stdout
    assert run("show").stdout.count("} 300\n") == 20


@pytest.mark.parametrize("arguments, code, word", [
    (["--dir", "/nonexistent"], 1, "/nonexistent"),
    ([], 2, "PROMETHEUS_MULTIPROC_DIR"),
])
def test_migrate_without_a_directory(run, arguments, code, word):
    result = run("migrate", *arguments)
    assert result.returncode == code and word in result.stderr


def test_migrate_without_a_redis(weir, directory):
    result = weir("migrate", "--dir", directory)
    assert result.returncode == 2 and "--redis" in result.stderr
    (directory / "empty").mkdir()
    for source in (directory, directory / "empty"):
        gone = weir("migrate", "--dir", source, "--redis", f"redis://127.0.0.1:{free_port()}")
        assert (gone.returncode, gone.stdout) == (1, "") and "refused; nothing listens there: start" in gone.stderr


def test_check_of_a_healthy_server_is_one_screen(run, directory):
    run("migrate", "--dir", directory)
    result = run("check")
    assert (result.returncode, result.stderr) == (0, "")
    assert "no faults" in result.stdout and "noeviction" in result.stdout and "per-process" in result.stdout
    assert len(result.stdout.splitlines()) <= 24 and "s3cret" not in result.stdout


def test_check_names_faults_of_server_and_keys(run, redis, directory):
    run("migrate", "--dir", directory)
    redis.cli("CONFIG", "SET", "maxmemory", "500mb", "maxmemory-policy", "allkeys-lru")
    redis.cli("HSET", "gunicorn:counter:9:metric:aa", "value", "many")
    redis.cli("SADD", "gunicorn:counter:9:metric:bb", "x")
    redis.cli("HSET", "gunicorn:counter:9:metric:cc", "value", "1")
    redis.cli("HSET", "gunicorn:counter:9:metric:dd", "value", "1")
    redis.cli("HSET", "gunicorn:counter:9:meta:dd", "original_key", "no json")
    redis.cli("SADD", "gunicorn:weir:writers", "77")
    result = run("check")
    assert result.returncode == 1
    for reason in ("eviction", "bad_value", "wrong_type", "no_metadata", "bad_key", "no_claim"):
        assert f"  {reason}: " in result.stdout, result.stdout
    assert "7 faults" not in result.stdout and "6 faults" in result.stdout


@pytest.mark.parametrize("password, word", [("wrong", "WRONGPASS"), (None, "NOAUTH")])
def test_check_with_a_wrong_password_ends_with_one(weir, redis, password, word):
    result = weir("check", "--redis", redis.url, env={"REDIS_PASSWORD": password} if password else {})
    assert (result.returncode, result.stdout) == (1, "")
    assert word in result.stderr and "s3cret" not in result.stderr


def test_check_of_a_redis_that_is_not_there_ends_with_one(weir):
    result = weir("check", "--redis", f"redis://127.0.0.1:{free_port()}")
    assert (result.returncode, result.stdout) == (1, "")
    assert "refused; nothing listens there: start the server, or give" in result.stderr


def test_check_takes_one_source(weir, directory):
    assert weir("check", "--dir", directory, "--redis", "redis://h").returncode == 2
    assert weir("check", "--redis", "redis://u:s3cret@h").returncode == 2


def test_backend_tells_of_the_server_and_metrics_do_not(redis, run, directory):
    run("migrate", "--dir", directory)
    server = Server("--redis", redis.url, "--listen", "127.0.0.1:0", env={"REDIS_PASSWORD": "s3cret"})
    try:
        assert "weir_redis" not in server.text("/metrics")
        backend = server.text("/backend")
        for line in ("weir_redis_up 1", 'weir_redis_collect_writers{state="dead"} 2',
                     f"weir_redis_keys {len(redis.keys())}"):
            assert line + "\n" in backend, backend
        assert "weir_redis_ping_seconds_bucket" in backend and "weir_redis_memory_used_bytes" in backend
    finally:
        server.close()
