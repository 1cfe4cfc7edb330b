"""What the workloads run: bench programs and what they print, and the processes a workload reads from."""

import json
import os
import pathlib
import re
import subprocess
import urllib.request

from rows import Row

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
