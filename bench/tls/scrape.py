"""Milliseconds a scrape over TLS by one who is let in already: alone (the floor), and beside those who are not wanted.

scrape.py WEIR ROUNDS SCRAPES       prints rows of bench/run.py

One `weir serve` with TLS and a bcrypt password of cost 10, 800 series of 8 processes; the scraper's connection stands.
Rounds alternate between alone and beside: 2,000 idle TLS connections; 500 requests that trickle, a byte of each a second;
four clients that shake hands without pause; eight that guess passwords; 200 scrapes at once, again and again. All of them
are processes of their own with the lowest priority: what is measured is the server, not whose turn it is among clients.
Every scrape's sum is checked, those of the 200 too.
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
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))

from certificates import certificates  # noqa: E402

HASH = "$2y$10$weirtestsaltweirtests.WEPGcVjqKBnaOM.PdRFwM2WVzbKeFCq"  # of "secret"
IDLE, TRICKLING, CROWD, PROCESSES, SERIES = 2000, 500, 200, 8, 100
PAUSE = 0.003  # seconds


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
        self.process = subprocess.Popen([weir, "serve", "--dir", metrics, "--listen", "127.0.0.1:0", *map(str, arguments)],
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


def answer_to(connection, ask):
    """Sends a request; its answer checked."""
    connection.sendall(ask)
    read_answer(connection)


def read_answer(connection):
    head, body = connection.recv(65536), b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    head, _, body = head.partition(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)
    assert head.startswith(b"HTTP/1.1 200") and body.count(b"} 1\n") == PROCESSES * SERIES, head


def scrape(connection):
    """Milliseconds of one, after a pause that lets the others work."""
    time.sleep(PAUSE)
    began = time.perf_counter()
    answer_to(connection, request_of("secret"))
    return (time.perf_counter() - began) * 1e3


def quantiles(server, count):
    """The median of so many scrapes over one connection, and their 99th percentile."""
    with contextlib.closing(server.connect()) as connection:
        scrape(connection)
        spent = statistics.quantiles([scrape(connection) for _ in range(count)], n=100)
    return spent[49], spent[98]


def trickle(server, ready, stop, done):
    held = [server.connect() for _ in range(TRICKLING)]
    ask = b"GET /metrics HTTP/1.1\r\nHost: t\r\nX: " + b"x" * 10000
    ready.set()
    for at in range(len(ask)):
        for connection in held:
            connection.sendall(ask[at:at + 1])
            done.value += 1
            if stop.wait(1 / TRICKLING):
                return


def shake_hands(server, ready, stop, done):
    ready.set()
    while not stop.is_set():
        with contextlib.suppress(OSError), server.connect():
            done.value += 1


def guess(server, ready, stop, done):
    attempt = 0
    ready.set()
    while not stop.is_set():
        attempt += 1
        with contextlib.suppress(OSError), server.connect() as connection:
            connection.sendall(request_of(f"{os.getpid()}-{attempt}"))
            connection.recv(4096)
            done.value += 1


def crowd(server, ready, stop, done):
    held = [server.connect() for _ in range(CROWD)]
    ask = request_of("secret")
    ready.set()
    while not stop.is_set():
        for connection in held:
            connection.sendall(ask)
        for connection in held:
            read_answer(connection)
            done.value += 1


def run_gently(target, server, ready, stop, done):
    os.nice(19)
    target(server, ready, stop, done)


class Company:
    """`count` processes that run `target`; `rates` is what each time of theirs came to, in `unit` a second."""

    def __init__(self, target, count, unit):
        self.target, self.count, self.unit, self.rates = target, count, unit, []

    @contextlib.contextmanager
    def beside(self, server):
        stop = multiprocessing.Event()
        each = [(multiprocessing.Event(), multiprocessing.Value("q", lock=False)) for _ in range(self.count)]
        processes = [multiprocessing.Process(target=run_gently, args=(self.target, server, ready, stop, done))
                     for ready, done in each]
        for process in processes:
            process.start()
        try:
            for ready, _ in each:
                assert ready.wait(60), f"{self.target.__name__} does not begin"
            time.sleep(0.3)
            before, began = sum(done.value for _, done in each), time.perf_counter()
            yield
            self.rates.append((sum(done.value for _, done in each) - before) / (time.perf_counter() - began))
            assert all(process.is_alive() for process in processes), f"{self.target.__name__} ended early"
        finally:
            stop.set()
            for process in processes:
                process.join()


class Idle:
    """Connections that stand; `kept` is the server's memory for each, in KiB."""

    def __init__(self):
        self.kept = []

    @contextlib.contextmanager
    def beside(self, server):
        before = server.resident_kib()
        held = [server.connect() for _ in range(IDLE)]
        self.kept.append((server.resident_kib() - before) / IDLE)
        yield
        for connection in held:
            connection.close()


def print_row(work, unit, **rivals):
    print(json.dumps({"work": work, "unit": unit, "rivals": rivals}))


def main(weir, rounds, scrapes):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        known = certificates().server
        (folder / "web.yml").write_text(f"tls_server_config: {{cert_file: {known.certificate}, key_file: {known.key}}}\n"
                                        f"basic_auth_users: {{prom: {HASH}}}\n")
        plain = Server(weir, folder)
        secure = Server(weir, folder, "--web.config.file", folder / "web.yml", "--request-timeout", "600",
                        "--max-requests-in-flight", 2 * CROWD)
        try:
            standing = Idle()
            others = {f"{TRICKLING} requests that trickle": Company(trickle, 1, "bytes"),
                      "handshakes without pause": Company(shake_hands, 4, "handshakes"),
                      "guessed passwords": Company(guess, 8, "guesses"),
                      f"{CROWD} scrapes at once": Company(crowd, 1, "scrapes")}
            figures = {"above plain HTTP": []} | {f"beside {name}": [] for name in (f"{IDLE:,} idle connections", *others)}
            for _ in range(rounds):
                first, *rest = figures.values()
                first.append((quantiles(plain, scrapes), quantiles(secure, scrapes)))
                for figure, company in zip(rest, (standing, *others.values())):
                    alone = quantiles(secure, scrapes)
                    with company.beside(secure):
                        figure.append((alone, quantiles(secure, scrapes)))
            work = "TLS scrape of 800 series "
            for name, figure in figures.items():
                for at, which in enumerate(("", ", p99")):
                    print_row(work + name + which, "ms", floor=[floor[at] for floor, _ in figure],
                              weir=[ours[at] for _, ours in figure])
            for name, company in others.items():
                print_row(f"what {name} came to", f"{company.unit}/s", weir=company.rates)
            # Memory of the first round's connections is used again by the next one's.
            print_row("an idle TLS connection: RSS", "KiB", weir=[max(standing.kept)])
        finally:
            plain.close()
            secure.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
