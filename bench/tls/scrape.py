"""Milliseconds a scrape over TLS by one who is let in already: alone (the floor), and beside those who are not wanted.

scrape.py WEIR ROUNDS SCRAPES       prints rows of bench/run.py

One `weir serve` with TLS and a bcrypt password of cost 10, 800 series of 8 processes; the scraper's connection stands.
Rounds alternate between alone and beside: 2,000 idle TLS connections, four clients that shake hands without pause, eight
that guess passwords. Every scrape's sum is checked.
"""
import base64
import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))

from certificates import certificates  # noqa: E402

HASH = "$2y$10$weirtestsaltweirtests.WEPGcVjqKBnaOM.PdRFwM2WVzbKeFCq"  # of "secret"
IDLE, PROCESSES, SERIES = 2000, 8, 100


def write_counters(folder):
    for process in range(PROCESSES):
        body = b""
        for number in range(SERIES):
            key = json.dumps(["work", "work_total", {"path": f"/{process}/{number}"}, "Work."]).encode()
            padded = key + b" " * (8 - (len(key) + 4) % 8)
            body += struct.pack("=i", len(key)) + padded + struct.pack("=dd", 1.0, 0.0)
        (folder / f"counter_{100000 + process}.db").write_bytes(struct.pack("=ii", 8 + len(body), 0) + body)


def request_of(password):
    secret = base64.b64encode(f"prom:{password}".encode()).decode()
    return f"GET /metrics HTTP/1.1\r\nHost: t\r\nAuthorization: Basic {secret}\r\n\r\n".encode()


class Server:
    def __init__(self, weir, folder, *arguments):
        metrics = folder / "metrics"
        if not metrics.exists():
            metrics.mkdir()
            write_counters(metrics)
        self.process = subprocess.Popen([weir, "serve", "--dir", metrics, "--listen", "127.0.0.1:0", *arguments],
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        while not (found := re.search(r"on (https?)://\S*:(\d+)/metrics", line)):
            line = self.process.stderr.readline()
        self.scheme, self.port = found[1], int(found[2])

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return plain if self.scheme == "http" else ssl._create_unverified_context().wrap_socket(plain)

    def resident_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


def scrape(connection):
    """Milliseconds of one."""
    began = time.perf_counter()
    connection.sendall(request_of("secret"))
    head, body = connection.recv(65536), b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    head, _, body = head.partition(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)
    spent = (time.perf_counter() - began) * 1e3
    assert head.startswith(b"HTTP/1.1 200") and body.count(b"} 1\n") == PROCESSES * SERIES, head
    return spent


def median(server, count):
    with contextlib.closing(server.connect()) as connection:
        scrape(connection)
        return statistics.median(scrape(connection) for _ in range(count))


@contextlib.contextmanager
def idle(server):
    held = [server.connect() for _ in range(IDLE)]
    yield
    for connection in held:
        connection.close()


def shake_hands(server, stop):
    os.nice(19)  # what is measured is the server, not whose turn it is on the client's side
    while not stop.is_set():
        with contextlib.suppress(OSError), server.connect():
            pass


def guess(server, number, stop):
    attempt = 0
    while not stop.is_set():
        attempt += 1
        with contextlib.suppress(OSError), server.connect() as connection:
            connection.sendall(request_of(f"{number}-{attempt}"))
            connection.recv(4096)


@contextlib.contextmanager
def running(kind, target, *arguments, count, stop):
    all_of_them = [kind(target=target, args=(arguments[0], *([number] if target is guess else []), stop)) for number in range(count)]
    for one in all_of_them:
        one.start()
    time.sleep(0.3)
    yield
    stop.set()
    for one in all_of_them:
        one.join()


def handshakes(server):
    return running(multiprocessing.Process, shake_hands, server, count=4, stop=multiprocessing.Event())


def guesses(server):
    return running(threading.Thread, guess, server, count=8, stop=threading.Event())


def main(weir, rounds, scrapes):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        known = certificates().server
        (folder / "web.yml").write_text(f"tls_server_config: {{cert_file: {known.certificate}, key_file: {known.key}}}\n"
                                        f"basic_auth_users: {{prom: {HASH}}}\n")
        plain = Server(weir, folder)
        secure = Server(weir, folder, "--web.config.file", folder / "web.yml", "--request-timeout", "600")
        try:
            work = "a scrape of 800 series over TLS, with a password, "
            rows = {work + "above plain HTTP": [], **{work + f"beside {what}": [] for what in (
                f"{IDLE:,} idle connections", "handshakes without pause", "guessed passwords")}}
            kept = []
            for _ in range(rounds):
                figures = list(rows.values())
                figures[0].append((median(plain, scrapes), median(secure, scrapes)))
                for figure, beside in zip(figures[1:], (idle, handshakes, guesses)):
                    alone, before = median(secure, scrapes), secure.resident_kib()
                    with beside(secure):
                        figure.append((alone, median(secure, scrapes)))
                        if beside is idle:
                            kept.append((secure.resident_kib() - before) / IDLE)
            for work, figure in rows.items():
                print(json.dumps({"work": work, "unit": "ms", "rivals": {
                    "floor": [floor for floor, _ in figure], "weir": [ours for _, ours in figure]}}))
            # Memory of the first round's connections is used again by the next one's.
            print(json.dumps({"work": "an idle TLS connection: RSS", "unit": "KiB", "rivals": {"weir": [max(kept)]}}))
        finally:
            plain.close()
            secure.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
