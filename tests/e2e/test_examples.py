"""Every program in examples/ runs as its first lines say, and prints what is right."""
import json
import os
import re
import select
import pathlib
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from redis_servers import RedisServer, free_port  # noqa: E402

from conftest import BUILD, CLEAN, ROOT  # noqa: E402

EXAMPLES = BUILD / "bin" / "examples"


def run(name, *arguments, good=True, **environment):
    result = subprocess.run([EXAMPLES / name, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                            env={**CLEAN, **{variable: str(value) for variable, value in environment.items()}})
    assert (result.returncode == 0) == good, result
    return result.stdout if good else result.stderr


def test_every_example_is_built_and_tested_here():
    sources = {path.stem for path in (ROOT / "examples").glob("*/*.cc")} - {"worker"}
    assert sources == {"hello", "prefork", "batch", "custom_backend", "redis"}
    assert all((EXAMPLES / name).exists() for name in sources)


def test_hello_shows_what_it_counted():
    assert run("hello") == ('# HELP greetings_total People greeted.\n# TYPE greetings_total counter\n'
                            'greetings_total{language="en"} 1\ngreetings_total{language="is"} 2\n')


def test_hello_run_twice_adds_up_in_files(tmp_path, weir):
    for _ in range(2):
        run("hello", PROMETHEUS_MULTIPROC_DIR=tmp_path)
    assert 'greetings_total{language="is"} 4\n' in weir("show", "--dir", tmp_path).stdout


@pytest.mark.parametrize("layout", ["per-process", "shared"])
def test_hello_counts_into_redis_by_the_environment_alone(weir, layout):
    with RedisServer() as server:
        environment = server.environment(WEIR_REDIS_LAYOUT=layout)
        for _ in range(2):
            run("hello_redis", **environment)
        assert 'greetings_total{language="is"} 4\n' in weir("show", env=environment).stdout


def test_hello_without_a_redis_counts_all_the_same():
    assert 'greetings_total{language="is"} 2\n' in run("hello_redis", REDIS_ENABLED="true", REDIS_PORT=free_port())


def test_redis_workers_are_one_sum():
    with RedisServer(password="s3cret") as server:
        assert "\nvisits_total 10\n" in run("redis", server.url, 4, REDIS_PASSWORD="s3cret")
        assert server.keys("gunicorn*") == []


def test_redis_names_a_url_it_cannot_use():
    assert "nowhere" in run("redis", "nowhere://x", good=False)


def test_batch_jobs_that_crash_are_counted_too(tmp_path):
    out = run("batch", 20, PROMETHEUS_MULTIPROC_DIR=tmp_path)
    for line in ('batch_jobs_total{end="crash"} 2', 'batch_jobs_total{end="success"} 18', "batch_records_total 210",
                 "batch_largest_job_records 20", "batch_last_job 20"):
        assert line + "\n" in out
    assert "batch_records_total 420\n" in run("batch", 20, PROMETHEUS_MULTIPROC_DIR=tmp_path)


class Prefork:
    """The running example and its two addresses."""

    def __init__(self, workers, folder):
        self.process = subprocess.Popen([EXAMPLES / "prefork", str(workers)], stdout=subprocess.PIPE, text=True,
                                        env={**CLEAN, "TMPDIR": str(folder)})
        self.app, self.metrics = (self.process.stdout.readline().split()[1] for _ in range(2))

    def answer(self):
        """The pid of the worker that answered."""
        return int(re.fullmatch(r"answered by (\d+)\n", self.read(self.app)).group(1))

    def read(self, url):
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.read().decode()

    def value(self, series):
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.read(self.metrics), re.MULTILINE)
        return float(found.group(1)) if found else None


def kill_and_wait(pid):
    """Returns when the process is gone: until then it may still accept, and then reset, one more connection."""
    process = os.pidfd_open(pid)
    signal.pidfd_send_signal(process, signal.SIGKILL)
    assert select.select([process], [], [], 20)[0]
    os.close(process)


@pytest.fixture
def prefork(tmp_path):
    example = Prefork(3, tmp_path)
    yield example
    example.process.kill()
    example.process.communicate()


def test_prefork_counts_all_workers_as_one(prefork):
    pids = {prefork.answer() for _ in range(60)}
    assert pids and prefork.process.pid not in pids
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(prefork.app, method="DELETE"), timeout=10)
    assert prefork.value('http_requests_total{code="200",method="GET"}') == 60
    assert prefork.value('http_requests_total{code="405",method="other"}') == 1


def test_prefork_replaces_a_killed_worker_and_keeps_its_count(prefork):
    for _ in range(10):
        kill_and_wait(prefork.answer())
        assert prefork.answer()
    assert prefork.value('http_requests_total{code="200",method="GET"}') == 20


def test_prefork_ends_on_sigterm_with_its_workers_and_files(prefork, tmp_path):
    pid = prefork.answer()
    assert list(tmp_path.glob("prefork.*/counter_*.db"))
    prefork.process.send_signal(signal.SIGTERM)
    assert prefork.process.wait(timeout=20) == 0
    assert not os.path.exists(f"/proc/{pid}")
    assert list(tmp_path.iterdir()) == []


def test_prefork_refuses_a_bad_number_of_workers():
    assert 'WORKERS is "none"' in run("prefork", "none", good=False)


EXPECTED = ("jobs_total 2000", "last_job 500", 'job_seconds_bucket{le="0.5"} 1000',
            'job_seconds_bucket{le="+Inf"} 2000', "job_seconds_count 2000", "job_seconds_sum 2250", "# jobs.get() 2000",
            "# backend SqliteBackend")


def test_a_custom_backend_is_counted_into_by_several_processes_and_read_by_another(tmp_path):
    database = tmp_path / "metrics.sqlite"
    run("custom_backend", "count", 4, 500, database)
    out = run("custom_backend", "show", database)
    for line in EXPECTED:
        assert line + "\n" in out


def test_sixteen_processes_open_a_custom_backend_at_once(tmp_path):
    run("custom_backend", "count", 16, 10, tmp_path / "metrics.sqlite")
    assert "\njobs_total 160\n" in run("custom_backend", "show", tmp_path / "metrics.sqlite")


@pytest.mark.parametrize("class_name, prefix", [("SqliteBackend", "WEIR"), ("mine.backends.SqliteBackend", "PYTHEUS")])
def test_the_environment_chooses_a_custom_backend(tmp_path, class_name, prefix):
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"path": str(tmp_path / "metrics.sqlite")}))
    environment = {f"{prefix}_BACKEND_CLASS": class_name, f"{prefix}_BACKEND_CONFIG": settings}
    run("custom_backend", "count", 2, 1000, **environment)
    out = run("custom_backend", "show", **environment)
    assert "# backend SqliteBackend\n" in out and "\njobs_total 2000\n" in out


@pytest.mark.parametrize("environment, said", [
    ({"WEIR_BACKEND_CLASS": "Sqlite"}, 'WEIR_BACKEND_CLASS=Sqlite: backend class "Sqlite" is not known'),
    ({"WEIR_BACKEND_CLASS": "SqliteBackend"}, 'the setting "path" is missing'),
    ({"WEIR_BACKEND_CLASS": "SqliteBackend", "WEIR_BACKEND_CONFIG": "/nowhere.json"}, "/nowhere.json")])
def test_a_bad_choice_of_backend_is_named(environment, said):
    assert said in run("custom_backend", "show", good=False, **environment)


def test_a_database_that_cannot_be_opened_is_named():
    assert "open /nowhere/db" in run("custom_backend", "show", "/nowhere/db", good=False)


def test_the_custom_backend_is_under_60_lines():
    assert len((ROOT / "examples" / "custom_backend" / "sqlite_backend.h").read_text().splitlines()) < 60
