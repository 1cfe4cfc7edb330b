"""The peers: each is optional, and what is missing is said."""

import json
import shutil
import subprocess
import sys

from programs import BIN, BUILD, HERE, KeptDirectory, json_of, start


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


def install_gunicorn():
    """The folder of a Gunicorn that every peer runs with, on its own; None where no registry gives it."""
    folder = BUILD / "peers" / "gunicorn-23"
    if not folder.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder]
        if subprocess.run([*command, "gunicorn==23.0.0"], capture_output=True, timeout=300).returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            return None
    return folder
