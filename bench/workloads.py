"""The workloads: each gives its rows, floor and Weir and whatever peers are here, results compared before times.

A workload is called with the options of run.py, a folder for its files, and the peers (peers.py).
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from peers import count_peers, has_module, install_gunicorn, install_mpmetrics, redis_benchmark, redis_peer, scrape_peer
from programs import BIN, BUILD, HERE, Exporter, KeptDirectory, lines_of
from rows import Row


def count(options, scratch, peers):
    rows = lines_of([BIN / "bench_count", scratch / "count", 3 if options.quick else 11])
    count_peers(rows, peers, scratch)
    return rows


def python(options, scratch, peers):
    built = next((path for path in (BUILD / "python", HERE.parent / "build/python") if (path / "weir").exists()), None)
    if built is None:
        print("python: the packages are not built (WEIR_BUILD_PYTHON)")
        return []
    environment = {**os.environ, "PYTHONPATH": str(built), "PYTHONDONTWRITEBYTECODE": "1"}
    folder = HERE / "python"
    command = [sys.executable, folder / "main.py", scratch / "weir_python", 3 if options.quick else 11]
    rows = lines_of(command, env=environment)
    if peers.have("prometheus_client", has_module("prometheus_client"), "not installed"):
        peers.run(rows, "prometheus_client", [sys.executable, folder / "peers" / "stock_python.py", scratch / "stock"])
        rows += lines_of([sys.executable, folder / "dropin.py", 3 if options.quick else 7], env=environment)
    interpreter = install_mpmetrics() if peers.wanted else None
    if peers.have("mpmetrics", interpreter is not None, "does not install here"):
        peers.run(rows, "mpmetrics", [interpreter, folder / "peers" / "mpmetrics_python.py"])
    return rows


def serve_memory(scratch):
    row = Row("64 processes x 2000 entries, distinct series, memory of weir serve", "MB")
    peak = Row("64 processes x 2000 entries, distinct series, peak memory of weir serve", "MB")
    with KeptDirectory(scratch / "served", "distinct") as directory, Exporter(directory.path) as exporter:
        for _ in range(10):
            directory.change()
            seen = exporter.sum()
            if seen != directory.truth:
                row.fault = f"scraped {seen} instead of {directory.truth}"
        row.rivals["weir"] = [exporter.memory_mb("VmRSS")]
        peak.rivals["weir"] = [exporter.memory_mb("VmHWM")]
    return [row, peak]


def scrape(options, scratch, peers):
    rows = []
    for what in ("same", "distinct", "dead"):
        some = lines_of([BIN / "bench_scrape", scratch / "scrape", 3 if options.quick else 11, what])
        scrape_peer(some, what, scratch, peers)
        rows += some
    rows += lines_of([BIN / "bench_scrape", scratch / "folded", 3 if options.quick else 11, "folded"])  # no peer folds
    return rows + serve_memory(scratch)


def text(options, scratch, peers):
    return lines_of([BIN / "bench_text", 3 if options.quick else 7, 100_000 if options.quick else 1_000_000])


def gzip(options, scratch, peers):
    return lines_of([BIN / "bench_gzip", 3 if options.quick else 11])


def http(options, scratch, peers):
    with KeptDirectory(scratch / "http", "same") as directory, Exporter(directory.path) as exporter:
        exporter.sum()
        directory.change()
        seconds = 0.5 if options.quick else 1.5
        command = [BIN / "bench_http", exporter.port, seconds, 4, 2000, repr(directory.truth)]
        return lines_of(command)


def tls(options, scratch, peers):
    rounds, requests = (1, 50) if options.quick else (7, 300)
    return lines_of([sys.executable, HERE / "tls" / "scrape.py", BIN / "weir", rounds, requests])


def kib_of(what, scratch):
    directory = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    done = subprocess.run([BIN / "bench_memory", what, directory], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def memory(options, scratch, peers):
    rows = []
    for storage in ("memory", "files"):
        resident = Row(f"1,000 counter series, 1 thread, {storage}: RSS above an empty process", "KiB")
        written = Row(f"1,000 counter series, 1 thread, {storage}: pages written above it", "KiB")
        for row in (resident, written):
            row.rivals["weir"] = []
        for _ in range(7):
            full, empty = kib_of(storage, scratch), kib_of("empty", scratch)
            resident.rivals["weir"].append(full[0] - empty[0])
            written.rivals["weir"].append(full[1] - empty[1])
        rows += [resident, written]
    return rows


def redis(options, scratch, peers):
    if not (BIN / "bench_redis").exists():
        print("redis: built without Redis (WEIR_WITH_REDIS)")
        return []
    if shutil.which("redis-server") is None:
        print("redis: no redis-server here")
        return []
    rounds = 3 if options.quick else 11
    rows = lines_of([BIN / "bench_redis", "count", rounds])
    rows += lines_of([BIN / "bench_redis", "work", 2, 10 if options.quick else 30])
    per_process = lines_of([BIN / "bench_redis", "per-process", rounds])
    redis_benchmark(per_process, peers)
    exporter = ("gunicorn_prometheus_exporter", "gunicorn_prometheus_exporter", "exporter_python.py")
    redis_peer(per_process, *exporter, "per-process", peers)
    shared = lines_of([BIN / "bench_redis", "shared", rounds])
    redis_peer(shared, "pytheus", "pytheus", "pytheus_python.py", "shared", peers)
    return rows + per_process + shared


def gunicorn(options, scratch, peers):
    packages, folder = BUILD / "python", install_gunicorn()
    needed = {"wrk": shutil.which("wrk"), "redis-server": shutil.which("redis-server"), "Gunicorn 23": folder,
              f"{packages} (WEIR_BUILD_PYTHON)": packages.exists() or None}
    if missing := [what for what, found in needed.items() if found is None]:
        print(f"gunicorn: not here: {', '.join(missing)}")
        return []
    with_peers = peers.have("gunicorn_prometheus_exporter", has_module("gunicorn_prometheus_exporter"), "not installed")
    quick = options.quick
    rows = []
    for script, arguments in (("serve.py", [*((3, 2) if quick else (11, 4)), *([] if with_peers else ["--no-peers"])]),
                              ("handle.py", [11 if quick else 41]),
                              ("outage.py", [2, 2] if quick else [5, 4])):
        rows += lines_of([sys.executable, HERE / "gunicorn" / script, packages, folder, *arguments])
    return rows


WORKLOADS = {
    "count": count,
    "python": python,
    "scrape": scrape,
    "text": text,
    "gzip": gzip,
    "http": http,
    "tls": tls,
    "memory": memory,
    "redis": redis,
    "gunicorn": gunicorn,
}
