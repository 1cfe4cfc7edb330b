"""What end-to-end tests share: a metrics directory, files in it, and `weir` as a process of its own."""
import http.client
import json
import os
import pathlib
import re
import select
import signal
import socket
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build"))
WEIR = BUILD / "bin" / "weir"
CLEAN = {name: value for name, value in os.environ.items()
         if not name.upper().startswith(("PROMETHEUS_", "WEIR_", "REDIS_", "PYTHEUS_"))}


def entry(name, labels, value, help_text="Test.", sample=None, timestamp=0.0):
    key = json.dumps([name, sample or name, labels, help_text], sort_keys=True).encode()
    padded = key + b" " * (8 - (len(key) + 4) % 8)
    return struct.pack("=i", len(key)) + padded + struct.pack("=dd", value, timestamp)


def write_db(path, entries):
    body = b"".join(entries)
    path.write_bytes(struct.pack("=ii", 8 + len(body), 0) + body + b"\0" * 64)


def fill(directory, processes, series, distinct):
    """`processes` counter files of `series` entries each: the same series in every file, or all distinct."""
    for process in range(processes):
        first = process * series if distinct else 0
        write_db(directory / f"counter_{100000 + process}.db", [
            entry("requests",
                  {"path": f"/a/rather/ordinary/path/{first + i}", "code": "200", "host": "web-17.example.org",
                               "method": "GET"}, 1.0, sample="requests_total")
            for i in range(series)])


class Server:
    """A running `weir serve`; its standard error is kept."""

    def __init__(self, *arguments, env=None):
        self.process = subprocess.Popen([WEIR, "serve", *map(str, arguments)], stderr=subprocess.PIPE,
                                        env={**CLEAN, **(env or {})})
        self.log = b""
        self.port = int(self.wait_for(rb"on https?://\S*:(\d+)/metrics").group(1))

    def wait_for(self, pattern, seconds=20):
        """Reads the log until it holds the pattern."""
        while not (found := re.search(pattern, self.log)):
            ready, _, _ = select.select([self.process.stderr], [], [], seconds)
            more = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            assert more, f"{pattern} is not in the log: {self.log.decode()}"
            self.log += more
        return found

    def get(self, target, headers=None, method="GET"):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def text(self, target):
        return self.get(target)[2].decode()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def resident_bytes(self):
        return self._memory("VmRSS")

    def peak_bytes(self):
        """The most that was ever resident."""
        return self._memory("VmHWM")

    def _memory(self, field):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status).group(1)) * 1024

    def stop(self, number=signal.SIGTERM):
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()


@pytest.fixture
def serve():
    """Starts servers on free ports and ends them afterwards."""
    servers = []

    def start(directory, *arguments, env=None):
        servers.append(Server("--dir", directory, "--listen", "127.0.0.1:0", *arguments, env=env))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def weir():
    """Runs `weir` to its end: completed process with text output."""

    def run(*arguments, env=None, stdout=subprocess.PIPE):
        return subprocess.run([WEIR, *map(str, arguments)], stdout=stdout, stderr=subprocess.PIPE, text=True,
                              timeout=60, env={**CLEAN, **(env or {})})

    return run


@pytest.fixture
def directory(tmp_path):
    """Two processes that counted 3 and 4 requests, and one gauge."""
    for pid, count in ((101, 3.0), (102, 4.0)):
        write_db(tmp_path / f"counter_{pid}.db", [entry("requests", {"code": "200"}, count, sample="requests_total")])
    write_db(tmp_path / "gauge_max_101.db", [entry("temperature", {}, 21.5)])
    return tmp_path
