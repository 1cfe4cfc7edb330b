#!/usr/bin/env python3
"""Every row of the benchmarks: floor, Weir, ratio, target, verdict, and the peers that are here.

    bench/run.py [--only count|python|scrape|text|gzip|http|tls|memory|redis|gunicorn] [--quick] [--strict] [--no-peers]

Programs are taken from $WEIR_BUILD_DIR (build/bench), where results.json goes too. Exits 1 when a result was wrong;
with --strict also when a target is missed, or a floor is slower than 1.2 times its figure in rows.py.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from rows import PEER_NAMES, Row, floor_is_slow, print_table, target_of

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", HERE.parent / "build" / "bench"))
BIN = BUILD / "bin"


def lines_of(command, **options):
    """The rows a bench program prints."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, timeout=1800, **options)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, command))} ended with {done.returncode}")
    return [Row.from_json(line) for line in done.stdout.splitlines() if line.startswith("{")]


def json_of(command, timeout=900):
    """What a peer prints, or why there is nothing."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return None, f"{command[0]}: {last}"
    return json.loads(done.stdout), ""


# --- peers: each is optional, and what is missing is said ---


class Peers:
    def __init__(self, wanted):
        self.wanted = wanted
        self.missing = {}

    def have(self, name, ready, why):
        if not self.wanted:
            return False
        if not ready:
            self.missing[name] = why
        return ready

    def add(self, rows, name, figures):
        for row in rows:
            if row.work in figures:
                row.peers[name] = figures[row.work]

    def run(self, rows, name, command):
        try:
            figures, why = json_of(command)
        except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
            figures, why = None, str(error)
        if figures is None:
            self.missing[name] = why
        else:
            self.add(rows, name, figures)


def has_module(name):
    return subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True).returncode == 0


def install_mpmetrics():
    """An interpreter that has it, in an environment of its own."""
    python = BUILD / "peers" / "mpmetrics" / "bin" / "python"
    pins = HERE / "count" / "peers" / "mpmetrics.txt"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], capture_output=True, timeout=300)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pins]
        subprocess.run(command, capture_output=True, timeout=300)
    return python if subprocess.run([python, "-c", "import mpmetrics"], capture_output=True).returncode == 0 else None


def build_go():
    program = BUILD / "peers" / "go_peer"
    command = ["go", "build", "-o", program, "."]
    done = subprocess.run(command, cwd=HERE / "count/peers/go", capture_output=True, timeout=900)
    return program if done.returncode == 0 else None


def build_rust():
    target = BUILD / "peers" / "rust"
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", target]
    done = subprocess.run(command, cwd=HERE / "count/peers/rust", capture_output=True, timeout=900)
    return target / "release" / "bench-peer" if done.returncode == 0 else None


def count_peers(rows, peers, scratch):
    folder = HERE / "count" / "peers"
    if peers.have("prometheus_client", has_module("prometheus_client"), "not installed"):
        peers.run(rows, "prometheus_client", [sys.executable, folder / "stock_python.py", scratch / "python"])
    python = install_mpmetrics() if peers.wanted else None
    if peers.have("mpmetrics", python is not None, "does not install here"):
        peers.run(rows, "mpmetrics", [python, folder / "mpmetrics_python.py"])
    if peers.have("client_golang", shutil.which("go") is not None, "not installed: no go"):
        program = build_go()
        if peers.have("client_golang", program is not None, "does not build here"):
            peers.run(rows, "client_golang", [program])
    if peers.have("prometheus-client (Rust)", shutil.which("cargo") is not None, "not installed: no cargo"):
        program = build_rust()
        if peers.have("prometheus-client (Rust)", program is not None, "does not build here"):
            peers.run(rows, "prometheus-client (Rust)", [program])


# --- workloads ---


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


def start(command):
    return subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class KeptDirectory:
    """A bench directory held by a process that changes its values when asked."""

    def __init__(self, path, what):
        self.path = path
        self.process = start([BIN / "bench_scrape", path, "keep", what])
        self.truth = float(self.process.stdout.readline())

    def change(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.truth = float(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Exporter:
    """A real `weir serve` on a free port."""

    def __init__(self, directory):
        command = [BIN / "weir", "serve", "--dir", directory, "--listen", "127.0.0.1:0"]
        words = [str(part) for part in command]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.port = None
        for line in self.process.stdout:
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            raise SystemExit("bench: weir serve did not say where it listens")

    def sum(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            body = answer.read().decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in body.splitlines() if line and not line.startswith("#"))

    def memory_mb(self, field):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status).group(1)) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


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


def scrape_peer(rows, what, scratch, peers):
    if not peers.have("prometheus_client", has_module("prometheus_client"), "not installed"):
        return
    with KeptDirectory(scratch / "peer", what) as directory:
        script = HERE / "scrape" / "peers" / "stock_python.py"
        seen, why = json_of([sys.executable, script, directory.path, 3])
        if seen is None:
            peers.missing["prometheus_client"] = why
        elif seen["sum"] != directory.truth:
            peers.missing["prometheus_client"] = f"scraped {seen['sum']} instead of {directory.truth}"
        else:
            for row in rows:
                row.peers["prometheus_client"] = seen["ms"]


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
    return lines_of([sys.executable, HERE / "tls" / "scrape.py", BIN / "weir", *((1, 50) if options.quick else (7, 300))])


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


def redis_peer(rows, name, module, script, layout, peers):
    """Its scrape of the same keys, in the rows by the clock on the wall."""
    if not peers.have(name, has_module(module), "not installed"):
        return
    process = start([BIN / "bench_redis", "keep", layout])
    port, _, truth = process.stdout.readline().split()
    try:
        seen, why = json_of([sys.executable, HERE / "redis" / "peers" / script, port, 3])
    finally:
        process.stdin.close()
        process.wait()
    if seen is None or seen["sum"] != float(truth):
        peers.missing[name] = why or f"scraped {seen['sum']} instead of {truth}"
        return
    peers.add(rows, name, {row.work: seen["ms"] for row in rows if "on the wall" in row.work})


def redis_benchmark(rows, peers):
    """32,000 HMGET in pipelines of 500, to see that the floor is one."""
    if not peers.have("redis-benchmark", shutil.which("redis-benchmark") is not None, "not installed"):
        return
    process = start([BIN / "bench_redis", "keep", "per-process"])
    port, key, _ = process.stdout.readline().split()
    command = ["redis-benchmark", "-p", port, "-c", "1", "-P", "500", "-n", "320000", "--csv", "HMGET", key, "value"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120)
    process.stdin.close()
    process.wait()
    rate = float(said.stdout.splitlines()[-1].split(",")[1].strip('"'))
    peers.add(rows, "redis-benchmark", {row.work: 32_000 / rate * 1e3 for row in rows if "on the wall" in row.work})


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


def install_gunicorn():
    """The folder of a Gunicorn that every peer runs with, on its own; None where no registry gives it."""
    folder = BUILD / "peers" / "gunicorn-23"
    if not folder.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder]
        if subprocess.run([*command, "gunicorn==23.0.0"], capture_output=True, timeout=300).returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            return None
    return folder


def gunicorn(options, scratch, peers):
    packages, folder = BUILD / "python", install_gunicorn()
    needed = {"wrk": shutil.which("wrk"), "redis-server": shutil.which("redis-server"), "Gunicorn 23": folder,
              f"{packages} (WEIR_BUILD_PYTHON)": packages.exists() or None}
    if missing := [what for what, found in needed.items() if found is None]:
        print(f"gunicorn: not here: {', '.join(missing)}")
        return []
    with_peers = peers.have("gunicorn_prometheus_exporter", has_module("gunicorn_prometheus_exporter"), "not installed")
    rounds, seconds = (3, 2) if options.quick else (11, 4)
    command = [sys.executable, HERE / "gunicorn" / "serve.py", packages, folder, rounds, seconds]
    rows = lines_of([*command, *([] if with_peers else ["--no-peers"])])
    rows += lines_of([sys.executable, HERE / "gunicorn" / "handle.py", packages, folder, 11 if options.quick else 41])
    return rows + lines_of([sys.executable, HERE / "gunicorn" / "outage.py", packages, folder, *([2, 2] if options.quick else [5, 4])])


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


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "processor": model.group(1) if model else platform.machine(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=WORKLOADS, help="one workload")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller text")
    parser.add_argument("--strict", action="store_true", help="a missed target or a slow floor is a failure")
    parser.add_argument("--no-peers", action="store_true", help="floors and Weir only")
    return parser.parse_args()


def main():
    options = parse_arguments()
    peers = Peers(not options.no_peers)
    about = machine()
    print(f"{about['processor']}, {about['processors']} processors, Linux {about['kernel']}, load {about['load']:.1f}")
    rows = []
    shared_memory = pathlib.Path("/dev/shm")
    where = shared_memory if shared_memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="weir-bench.", dir=where) as scratch:
        for name, workload in WORKLOADS.items():
            if options.only in (None, name):
                some = workload(options, pathlib.Path(scratch), peers)
                print_table(name, some)
                rows += some
    for name in PEER_NAMES:
        if name in peers.missing:
            print(f"{name}: {peers.missing[name]}")
    BUILD.mkdir(parents=True, exist_ok=True)
    results = {"machine": about, "rows": [row.as_json() for row in rows], "missing_peers": peers.missing}
    (BUILD / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    return verdict(rows, options.strict)


def verdict(rows, strict):
    wrong = [row for row in rows if row.fault]
    missed = [row for row in rows if (target := target_of(row.work)) and not target.is_met(row)]
    slow = [row for row in rows if floor_is_slow(row)]
    for row in wrong:
        print(f"WRONG RESULT: {row.work}: {row.fault}")
    for row in slow:
        print(f"SLOW FLOOR: {row.work}: {statistics.median(row.rivals['floor']):.3g} {row.unit}: a slow floor is a lie")
    print(f"{len(rows)} rows: {len(wrong)} wrong, {len(missed)} targets missed, {len(slow)} slow floors")
    return 1 if wrong or (strict and (missed or slow)) else 0


if __name__ == "__main__":
    sys.exit(main())
