"""What the churn tests share: a referee of short-lived writers, and a record of what their past costs.

    with Page(tmp_path / "page") as page, exporter(...) as port:
        record = churn(program("faults_churn_writer"), env, page, [Referee(page, port)], place)
        record.write("files")

Every increment is known (the page), so no scrape may show less than what is done or more than what has begun, and none
less than the one before. At each step of the churn all writers have ended and are folded; then the place is measured.
"""
import contextlib
import dataclasses
import mmap
import os
import pathlib
import statistics
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request

from multiprocess_reading import FULL, samples
from redis_servers import wait_until

AT_ONCE = 4
REPORTS = os.environ.get("WEIR_CHURN_REPORTS")  # a directory for the records; without it they are not written


def number_of_writers(full):
    """`full`: in the long form, where ./run soak asks for no other number."""
    return int(os.environ.get("WEIR_CHURN_WRITERS") or (full if FULL else 2_000))


class Page:
    """Two numbers the writers share: increments begun, increments that must be scraped."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(16))
        self._file = open(path, "r+b")
        self._map = mmap.mmap(self._file.fileno(), 16)

    begun = property(lambda self: struct.unpack_from("QQ", self._map)[0])
    done = property(lambda self: struct.unpack_from("QQ", self._map)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._map.close()
        self._file.close()


class Referee:
    """Asks an exporter again and again, and never lets it be wrong."""

    def __init__(self, page, port):
        self.page, self.port = page, port
        self.last, self.seconds, self.scrapes = {}, [], 0

    def look(self):
        """The samples of one scrape; nothing where it was refused (503): a gap is harmless, a fall is not."""
        done = self.page.done
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
                body = answer.read().decode()
        except urllib.error.HTTPError as error:
            assert error.code == 503, error
            return None
        self.seconds.append(time.perf_counter() - began)
        found = samples(body)
        jobs = found.get(("jobs_total", ()), 0)
        assert done <= jobs <= self.page.begun, (done, jobs, self.page.begun)
        for key, value in self.last.items():
            assert found.get(key, -1) >= value, (key, value, found.get(key))
        self.last = found
        self.scrapes += 1
        return found


@dataclasses.dataclass
class Step:
    """What the past of so many writers cost: while they ran, and at rest, when all had ended and were folded."""

    writers: int
    seconds: float      # since the churn began
    scrapes: int        # in this step, as are the next three
    scrape_ms: float    # median
    longest_ms: float
    most: int           # files, or keys, a scrape found
    rest: tuple         # what `place.at_rest` counted


class Record:
    def __init__(self, place):
        self._place, self.steps = place, []

    def assert_times_are_flat(self):
        """In a churn long enough to tell: dead writers that were read would take hundreds of times as long."""
        tenth = len(self.steps) // 10
        if tenth:
            first = statistics.median(step.scrape_ms for step in self.steps[:tenth])
            last = statistics.median(step.scrape_ms for step in self.steps[-tenth:])
            assert last <= 3 * first + 5, f"scrapes took {first:.2f} ms at first and {last:.2f} ms at last"

    def table(self):
        head = ["writers", "seconds", "scrapes", "scrape ms", "longest ms", f"{self._place.of} at most",
                *self._place.columns]
        rows = [[str(step.writers), f"{step.seconds:.0f}", str(step.scrapes), f"{step.scrape_ms:.2f}",
                 f"{step.longest_ms:.1f}", str(step.most), *map(str, step.rest)] for step in self.steps]
        widths = [max(map(len, column)) for column in zip(head, *rows)]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths))
                         for row in [head, *rows]) + "\n"

    def write(self, name):
        """For people; rewritten at each step, so that a run that was stopped leaves what it had."""
        if REPORTS:
            directory = pathlib.Path(REPORTS)
            directory.mkdir(parents=True, exist_ok=True)
            (directory / f"churn-{name}.txt").write_text(self.table())


@contextlib.contextmanager
def running(*functions):
    """Each again and again in a thread of its own; an assertion that failed there fails here."""
    over, failures = threading.Event(), []

    def run(function):
        while not over.is_set():
            try:
                function()
            except Exception as error:  # told by the test itself
                failures.append(error)
                return

    threads = [threading.Thread(target=run, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=120)
    assert failures == []


def churn(program, environment, page, referees, place, name, writers, alone=0):
    """Lets the writers live and end, while the referees look; `alone` of each step when the others have been folded.

    `place` has `of` (what is counted there), `many()` (how many there are now), `tidy()` (whether nothing of a dead
    writer is left) and, for then, `at_rest()` under the names `columns`.
    """
    record, most, began = Record(place), [0], time.monotonic()
    step = 1_000 if writers >= 2_000 else max(1, writers // 2)

    def watch(referee):
        referee.look()
        most[0] = max(most[0], place.many())

    def let_live(first, number):
        subprocess.run([program, page.path, str(number), str(AT_ONCE), str(first)], env=environment, check=True,
                       timeout=1800)
        wait_until(lambda: failures or place.tidy(), "all that ended are folded", 120)

    with running(*[lambda referee=referee: watch(referee) for referee in referees]) as failures:
        for first in range(0, writers, step):
            number = min(step, writers - first)
            for referee in referees:
                referee.seconds = []
            most[0] = 0
            let_live(first, number - alone)
            if alone:
                let_live(first + number - alone, alone)
            wait_until(lambda: failures or all(referee.seconds for referee in referees), "each has scraped", 120)
            seconds = [second for referee in referees for second in referee.seconds]
            if failures:
                break
            record.steps.append(Step(first + number, time.monotonic() - began, len(seconds),
                                     1e3 * statistics.median(seconds), 1e3 * max(seconds), most[0], place.at_rest()))
            record.write(name)
    return record


def assert_totals(found, writers):
    """Of all of them, to the last bit where a sum of tenths can be named so."""
    assert found["jobs_total", ()] == found["size_count", ()] == writers * 10
    for part in ("odd", "even"):
        assert abs(found["parts_total", (("part", part),)] - writers / 2) <= 1e-9 * writers
    assert found["largest", ()] == writers - 1
