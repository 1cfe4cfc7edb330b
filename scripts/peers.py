#!/usr/bin/env python3
"""The peers' own test suites, without Weir and over Weir: one line a suite and storage, and what fails over Weir only.

    scripts/peers.py CHECKOUTS PACKAGES      PACKAGES: the folder Weir's Python packages stand in

Exits 1 when a test fails over Weir only and is not in EXPECTED, when what is there passes after all, or when no suite
was found. Thread and process safety: a plain program.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from redis_servers import RedisServer  # noqa: E402

# Weir's folder is made a site folder, so that its .pth file acts as in an installation.
RUN_PYTEST = "import site, sys; site.addsitedir(sys.argv[1]); import pytest; sys.exit(pytest.main(sys.argv[2:]))"
SECONDS = 1800
# Tests that fail over Weir for a reason, by suite and storage, as beginnings of their names; docs/peers.md says why.
_OWN_CLASS = ("tests.backends.test_base.TestLoadBackend::test_call_without_args",
              "tests.backends.test_base::test_get_backend")
_NO_TYPE = ("tests.test_metrics.TestMetric::", "tests.test_registry.TestCollectorRegistry::",
            "tests.backends.test_base.TestSingleProcessBackend::")
EXPECTED = {
    ("pytheus", "memory"): (*_OWN_CLASS, "tests.test_metrics.TestCustomCollector::test_custom_collector_collect"),
    ("pytheus", "files"): (*_NO_TYPE, "tests.test_exposition.TestExposition::test_generate_metrics"),
    ("pytheus", "redis"): (*_NO_TYPE, "tests.test_metrics.TestHistogram::test_observe"),
}
# Fails now and then without Weir, too: it races with the end of a TLS handshake.
UNSTABLE = "test_mtls_untrusted_client_cert_raises"


def outcomes(checkout, packages, environment, *arguments):
    """{test: passed} of a run of pytest in the checkout; what was skipped is left out."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PROMETHEUS_", "WEIR_", "PYTHEUS_", "REDIS_"))}
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.xml")
        done = subprocess.run(
            [sys.executable, "-B", "-c", RUN_PYTEST, packages, "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
             *arguments, "tests"], cwd=checkout, env={**clean, "PYTHONPATH": str(checkout), **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
        if not report.exists():
            raise SystemExit(f"peers: pytest in {checkout} ended with {done.returncode}\n{done.stdout[-2000:]}")
        cases = xml.etree.ElementTree.parse(report).iter("testcase")
        return {f"{case.get('classname')}::{case.get('name')}": not {"failure", "error"} & {part.tag for part in case}
                for case in cases if case.find("skipped") is None and case.get("name") != UNSTABLE}


def compare(suite, storage, without, over):
    """Prints a line; the tests that are worse over Weir than they should be, or better."""
    worse = sorted(test for test, passed in without.items() if passed and not over.get(test, False))
    fixed = sorted(test for test, passed in over.items() if passed and not without.get(test, False))
    expected = EXPECTED.get((suite, storage), ())
    unexpected = [test for test in worse if not test.startswith(expected)]
    passing = [start for start in expected if not any(test.startswith(start) for test in worse)
               and any(test.startswith(start) for test in without)]  # source distributions leave out some
    print(f"{suite:15} {storage:8} {sum(without.values()):5} pass without Weir, {sum(over.values()):5} over Weir of "
          f"{len(without)}; {len(worse)} fail over Weir only ({len(worse) - len(unexpected)} explained), "
          f"{len(fixed)} pass over Weir only", flush=True)
    for test in unexpected:
        print(f"    fails over Weir: {test}")
    for start in passing:
        print(f"    passes, though docs/peers.md says that it fails: {start}")
    return [*unexpected, *passing]


def client_python(checkout, packages):
    """In memory, in files and on Redis. Without Weir there is no Redis: that is compared with files."""
    wrong = []
    own_files = "--ignore=tests/test_multiprocess.py"  # tests that say what stands in which file
    with tempfile.TemporaryDirectory() as folder, RedisServer() as redis:
        stock_files, weir_files = pathlib.Path(folder, "stock"), pathlib.Path(folder, "weir")
        for place in (stock_files, weir_files):
            place.mkdir()
        over = {"WEIR_PROMETHEUS_CLIENT": "1"}
        stock = {"PROMETHEUS_MULTIPROC_DIR": str(stock_files)}
        wrong += compare("client_python", "memory", outcomes(checkout, packages, {}),
                         outcomes(checkout, packages, over))
        wrong += compare("client_python", "files", outcomes(checkout, packages, stock),
                         outcomes(checkout, packages, {**over, "PROMETHEUS_MULTIPROC_DIR": str(weir_files)}))
        wrong += compare("client_python", "redis", outcomes(checkout, packages, stock, own_files),
                         outcomes(checkout, packages, {**over, **redis.environment()}, own_files))
    return wrong


def pytheus(checkout, packages):
    """Each backend of weir.pytheus beside pytheus' own: in memory, and for those that other processes share, its Redis
    backend, because its tests give metrics of one name to many of them. The tests of that class itself are left out."""
    wrong = []
    rest = ["--ignore=tests/backends/test_redis.py"]

    def run(backend, config):
        settings = pathlib.Path(folder, "settings.json")
        settings.write_text(json.dumps(config))
        return outcomes(checkout, packages, {"PYTHEUS_BACKEND_CLASS": backend, "PYTHEUS_BACKEND_CONFIG": str(settings)},
                        *rest)

    with tempfile.TemporaryDirectory() as folder, RedisServer() as redis:
        server = {"host": "127.0.0.1", "port": redis.port}
        theirs = {"memory": outcomes(checkout, packages, {}, *rest),
                  "files": run("pytheus.backends.redis.MultiProcessRedisBackend", server)}
        theirs["redis"] = theirs["files"]
        redis.cli("FLUSHALL")
        for storage, name, config in (("memory", "SingleProcessBackend", {}),
                                      ("files", "MultiProcessFileBackend", {"directory": f"{folder}/files"}),
                                      ("redis", "MultiProcessRedisBackend", server)):
            wrong += compare("pytheus", storage, theirs[storage], run(f"weir.pytheus.{name}", config))
    return wrong


SUITES = {"prometheus_client": client_python, "pytheus": pytheus}


def main(checkouts, packages):
    found = [(suite, folder) for package, suite in SUITES.items()
             for folder in sorted(pathlib.Path(checkouts).iterdir())
             if (folder / package / "__init__.py").exists() and (folder / "tests").is_dir()]
    if not found:
        raise SystemExit(f"peers: {checkouts} holds no checkout of client_python or pytheus with its tests")
    wrong = []
    for suite, folder in found:
        print(f"== {folder.name}", flush=True)
        wrong += suite(folder, packages)
    sys.exit(1 if wrong else 0)


main(*sys.argv[1:])
