"""What the Redis fault tests share: writers that acknowledge what they count, and a referee that scrapes all the while.

    with RedisServer() as redis, Match(redis) as match:
        match.start(2)                  # processes that count without a pause
        redis.cli("FLUSHALL")
        match.settle()                  # they stop and flush: totals are exactly what they acknowledged, nothing fell

A scrape may be refused (503): a gap is harmless, a fall is not.
"""
import contextlib
import http.client
import itertools
import json
import mmap
import os
import re
import struct
import subprocess
import tempfile
import threading
import time

from multiprocess_reading import CLEAN, WEIR, program, samples
from redis_servers import wait_until

COLUMNS = 16  # kAcknowledgedColumns
ROWS = 64
QUICK = {"WEIR_FLUSH_INTERVAL": "0.1"}


class Referee:
    """`weir serve` of a Redis, scraped in a loop; every series that only rises is watched."""

    def __init__(self, url, *arguments, env=None):
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([WEIR, "serve", "--redis", url, "--listen", "127.0.0.1:0", *arguments],
                                        stderr=self._log, env={**CLEAN, **(env or {})})
        wait_until(lambda: self.process.poll() is not None or b"/metrics" in self.log, "weir serve listens")
        self.port = int(re.search(rb"on http://\S*:(\d+)/metrics", self.log).group(1))
        self.good = self.refused = 0
        self.falls, self.seen = [], {}
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def log(self):
        return os.pread(self._log.fileno(), 1 << 20, 0)

    def get(self):
        """(status, body) of one scrape."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def _watch(self):
        while not self._ends.wait(0.02):
            status, body = self.get()
            if status != 200:
                assert status == 503, (status, body)
                self.refused += 1
                continue
            now = {key: value for key, value in samples(body).items()
                   if key[0].endswith(("_total", "_bucket", "_count", "_sum"))}
            self.falls += [f"{key}: {old} -> {now.get(key, 'gone')} (scrape {self.good})"
                           for key, old in self.seen.items()
                           if now.get(key, -1) < old]
            self.seen = now
            self.good += 1

    def wait_for_scrapes(self, number, seconds=60):
        """So many good scrapes that began after this call."""
        end = self.good + number + 1
        wait_until(lambda: self.good >= end or not self.is_watching(), f"{number} good scrapes", seconds)
        assert self.is_watching(), self.log.decode()

    def is_watching(self):
        return self._thread.is_alive() and self.process.poll() is None

    def totals(self):
        """The samples of one good scrape; nothing while it is refused."""
        status, body = self.get()
        return samples(body) if status == 200 else None

    def close(self):
        self._ends.set()
        self._thread.join(timeout=60)
        self.process.kill()
        self.process.wait()
        self._log.close()


class Writer:
    """A faults_redis_writer."""

    def __init__(self, acks, row, environment, threads=2, lease=None, wrapper=(), more=0):
        self.more = more  # series that are counted once
        lease = [] if lease is None else [str(lease), str(more)]
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*wrapper, program("faults_redis_writer"), str(acks), str(row), str(threads),
                                         *lease],
                                        env={**CLEAN, **QUICK, **environment}, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self._log, text=True)
        self.row, self.children_steps = row, []

    @property
    def log(self):
        """What it said on standard error."""
        return os.pread(self._log.fileno(), 1 << 20, 0).decode()

    def ask(self, words):
        self.say(words)
        return self.hear()

    def say(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def statistics(self):
        return self.ask("statistics")

    def spawn(self, number, steps, end):
        """Children that count; all of them must end well."""
        found = self.ask(f"spawn {number} {steps} {end}")
        assert found == number, f"{found} of {number} children ended well: {self.log}"
        self.children_steps += [steps] * number * (2 if end == "grow" else 1)

    def end(self, words="quit"):
        if self.process.poll() is None:
            self.say(words)
            assert self.process.wait(timeout=60) == 0

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self._log.close()


class Match(contextlib.ExitStack):
    """Writers of one Redis, a referee, and what must come out.

    `redis` is anything with `url` and `environment()`; `reader` are variables for the referee alone.
    """

    def __init__(self, redis, layout="per-process", reader=None, **environment):
        super().__init__()
        self.writers = []
        self._layout, self._environment = layout, {**redis.environment(WEIR_REDIS_LAYOUT=layout), **environment}
        self._url = redis.url
        secrets = {"REDIS_PASSWORD": redis.password} if getattr(redis, "password", None) else {}
        self._reader = {**{n: v for n, v in self._environment.items() if n.endswith("_FILE")}, **secrets,
                        **(reader or {})}
        self.referee = None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._acks = stack.enter_context(tempfile.NamedTemporaryFile(dir="/dev/shm", prefix="weir-acks-"))
            self._acks.truncate(ROWS * COLUMNS * 8)
            self._page = stack.enter_context(mmap.mmap(self._acks.fileno(), 0))
            self.referee = Referee(self._url, "--layout", self._layout, env=self._reader)
            stack.callback(self.referee.close)
            self.push(stack.pop_all())
        return self

    def add(self, threads=2, lease=None, wrapper=(), more=0, **environment):
        """One more writer, which stands still."""
        writer = Writer(self._acks.name, len(self.writers), {**self._environment, **environment}, threads, lease,
                        wrapper, more)
        self.callback(writer.kill)
        self.writers.append(writer)
        return writer

    def start(self, number=1, **options):
        """So many writers that count, once all of them have been scraped."""
        new = [self.add(**options) for _ in range(number)]
        for writer in new:
            writer.ask("go")
        wait_until(lambda: all(("steps_of_total", (("row", str(w.row)),)) in self.referee.seen for w in new),
                   "all are scraped")
        return new

    def acknowledged(self, row):
        """What each thread of a writer has counted for certain."""
        return struct.unpack_from(f"={COLUMNS}Q", self._page, row * COLUMNS * 8)

    def steps(self, writer):
        """The numbers of steps of those who counted as this writer: its threads and its children."""
        return [*self.acknowledged(writer.row), *writer.children_steps]

    def expected(self):
        """All samples that count, as the acknowledged steps make them."""
        counters = {("steps_total", (("series", str(i)),)): 0 for i in range(20)}
        per_value = [0, 0, 0, 0]
        for steps in itertools.chain.from_iterable(self.steps(writer) for writer in self.writers):
            for i in range(20):
                counters["steps_total", (("series", str(i)),)] += (steps - i + 19) // 20
            for i in range(4):
                per_value[i] += (steps - i + 3) // 4
        for writer in self.writers:
            counters["steps_of_total", (("row", str(writer.row)),)] = sum(self.steps(writer))
            for i in range(writer.more):
                key = ("more_total", (("i", str(i)),))
                counters[key] = counters.get(key, 0) + 1
        total = sum(per_value)
        counters["wait_count", ()] = counters["size_count", ()] = total
        counters["wait_sum", ()] = counters["size_sum", ()] = sum(0.5 * i * n for i, n in enumerate(per_value))
        for bound, count in (("0.25", per_value[0]), ("1.0", sum(per_value[:3])), ("+Inf", total)):
            counters["wait_bucket", (("le", bound),)] = count
        return counters

    def stop(self):
        """All writers that live stand still, and what they counted is acknowledged by Redis."""
        alive = [writer for writer in self.writers if writer.process.poll() is None]
        for writer in alive:
            writer.ask("stop")
        for writer in alive:
            wait_until(lambda: writer.ask("flush"), f"all is acknowledged: {writer.log}", 90)

    def settle(self, seconds=60):
        """Stops all, and asks the referee: nothing fell, and the totals are what was acknowledged."""
        self.stop()
        expected = self.expected()
        wait_until(self.referee.totals, "a scrape is answered", seconds)
        found = self.referee.totals()
        wrong = {key: (value, found.get(key)) for key, value in expected.items() if found.get(key) != value}
        assert not wrong, f"(true, scraped): {wrong}"
        self.referee.wait_for_scrapes(1)
        self.watch()

    def watch(self):
        """Nothing has fallen so far."""
        assert not self.referee.falls, self.referee.falls[:10]
        assert self.referee.is_watching()


def let_count(seconds):
    """The writers count meanwhile; only how much they count depends on it."""
    time.sleep(seconds)
