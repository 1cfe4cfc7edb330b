"""Threads, fork, the interpreter's end, sub-interpreters, and memory: what must not go wrong however it is used."""
import contextlib
import gc
import os
import re
import subprocess
import sys
import threading
import tracemalloc

import pytest
import weir
from weir import _weir

# Freed memory that AddressSanitizer keeps for a while, where these tests run under it (./run test --only python-asan).
QUARANTINE = 24_000_000 if "libasan" in os.environ.get("LD_PRELOAD", "") else 0
ROUNDS = 1_000_000 if os.environ.get("WEIR_TEST_FULL") == "1" else 20_000


@pytest.fixture
def registry(tmp_path):
    return weir.CollectorRegistry(storage=weir.file_storage(str(tmp_path / "m")))


def shown(tmp_path):
    return weir.generate_latest(weir.MultiProcessCollector(None, str(tmp_path / "m"))).decode()


def run(program, tmp_path, *arguments):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "m")}
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=30,
                          env=environment)


def count_in_threads(threads, work):
    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def test_threads_lose_nothing(registry, tmp_path):
    counter = weir.Counter("c", "C.", ["a"], registry=registry)
    histogram = weir.Histogram("h", "H.", registry=registry, buckets=[1])
    gauge = weir.Gauge("g", "G.", registry=registry, multiprocess_mode="sum")

    def work():
        for n in range(5000):
            counter.labels(n % 7).inc()
            histogram.observe(2)
            gauge.inc(2)
            gauge.dec()

    count_in_threads(8, work)
    assert sum(counter.labels(n).get() for n in range(7)) == gauge.get() == 40000
    assert 'h_bucket{le="+Inf"} 40000\n' in shown(tmp_path) and "h_sum 80000\n" in shown(tmp_path)


def test_threads_that_make_and_remove_the_same_children_lose_nothing_between_removals(registry, tmp_path):
    """Children are made and removed without the GIL: what labels() gave counts in the family, or was removed since."""
    family = weir.Counter("f", "F.", ["n"], registry=registry)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(8):
            stop = threading.Event()

            def come_and_go():
                while not stop.is_set():
                    family.labels("gone").inc()
                    family.remove("gone")
                    family.labels("cleared").inc()
                    family.clear()

            others = [threading.Thread(target=come_and_go) for _ in range(3)]
            for thread in others:
                thread.start()

            def make():
                for n in range(50):
                    family.labels(n).inc()

            count_in_threads(3, make)
            stop.set()
            for thread in others:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    # What was removed stays in the file: every increment is counted, but those of objects that were removed between
    # labels() and inc(). Read from the file: a child that is made while its predecessor's cell is being given back has
    # a cell of its own, and get() knows that one alone.
    def totals():
        found = re.findall(r'^f_total{n="(\d+)"} (\S+)$', shown(tmp_path), re.M)
        return {int(n): float(total) for n, total in found}

    before = totals()
    assert set(before) == set(range(50)) and all(0 < total <= 24 for total in before.values())
    family.clear()
    count_in_threads(3, make)
    assert totals() == {n: total + 3 for n, total in before.items()}


WHILE_A_CHILD_IS_MADE = """
import threading, time, weir
family = weir.Counter("f", "F.", ["n"])
stop, ticks = threading.Event(), []

def tick():
    while not stop.wait(0.01):
        ticks.append(time.monotonic())

ticking = threading.Thread(target=tick)
ticking.start()
began = time.monotonic()
family.labels("x").inc()
ended = time.monotonic()
stop.set()
ticking.join()
print(ended - began > 0.5, sum(began < tick < ended for tick in ticks) > 3)
"""


def test_other_threads_run_while_a_slow_disk_makes_a_child(tmp_path):
    """A file's first entry takes half a second here, in which Python goes on."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "m")}
    done = subprocess.run(["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=fallocate", "-e",
                           "inject=fallocate:delay_enter=600000", sys.executable, "-c", WHILE_A_CHILD_IS_MADE],
                          capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr


def test_many_short_threads_need_no_more_room_in_files_than_one(registry, tmp_path):
    family = weir.Histogram("h", "H.", ["n"], registry=registry)

    def work():
        for n in range(50):
            family.labels(n).observe(1)

    work()

    def entries():
        used = 0
        for name in os.listdir(tmp_path / "m"):
            with open(tmp_path / "m" / name, "rb") as file:
                used += int.from_bytes(file.read(4), sys.byteorder)
        return used

    one = entries()
    for _ in range(10):
        count_in_threads(50, work)
    assert entries() == one
    assert 'h_count{n="49"} 501\n' in shown(tmp_path)


def test_fork_while_threads_count_doubles_and_loses_nothing(registry, tmp_path):
    counter = weir.Counter("c", "C.", registry=registry)
    family = weir.Counter("f", "F.", ["n"], registry=registry)
    stop = threading.Event()
    counted = [0] * 4

    def work(i):
        while not stop.is_set():
            counter.inc()
            family.labels(counted[i] % 100).inc()
            counted[i] += 1

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    children = []
    for n in range(10):
        pid = os.fork()
        if pid == 0:
            for _ in range(100):
                counter.inc()
                family.labels(f"child{n}").inc()
            os._exit(0 if counter.get() == 100 else 1)
        children.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    stop.set()
    for thread in threads:
        thread.join()
    assert codes == [0] * 10
    assert counter.get() == sum(counted)
    total, = re.findall(r"^c_total (\S+)$", shown(tmp_path), re.M)
    assert float(total) == sum(counted) + 1000
    assert 'f_total{n="child9"} 100\n' in shown(tmp_path)


ENDS_WHILE_BUSY = """
import sys, threading, time, urllib.request, weir
counter = weir.Counter("c", "C.", ["n"])
gauge = weir.Gauge("g", "G.")
gauge.set_function(lambda: sum(range(20000)))  # long enough to be in when the end comes

class Collector:
    def collect(self):
        for n in range(3):
            metric = weir.Metric(f"m{n}", "M.", "gauge")
            metric.add_sample(f"m{n}", {}, sum(range(20000)))
            yield metric

weir.REGISTRY.register(Collector())
sys.setswitchinterval(1e-4)
server = weir.start_http_server(0, "127.0.0.1")
rounds = [0] * 8

def count(i):
    while True:
        counter.labels(rounds[i] % 100).inc()  # by two threads, without the GIL where it is made or removed
        counter.remove(rounds[i] % 100)
        rounds[i] += 1

def scrape(i):
    while True:
        weir.generate_latest()
        rounds[i] += 1

def fetch(i):
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics").read()
        except OSError:
            return
        rounds[i] += 1

for i, work in enumerate([count, count, scrape, scrape, scrape, fetch, fetch, fetch]):
    threading.Thread(target=work, args=(i,), daemon=True).start()
deadline = time.monotonic() + 30
while min(rounds) < 3 and time.monotonic() < deadline:
    time.sleep(0.01)
print("busy" if min(rounds) >= 3 else rounds)
"""


@pytest.mark.parametrize("n", range(5))
def test_the_interpreter_ends_while_threads_count_and_scrape_and_the_server_serves(tmp_path, n):
    done = run(ENDS_WHILE_BUSY, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "busy\n", "")


IN_A_SUB_INTERPRETER = """
import sys
import _xxsubinterpreters as interpreters
if sys.argv[1] == "after":
    import weir
there = interpreters.create()
try:
    interpreters.run_string(there, "import sys; sys.path[:] = %r\\nimport weir" % sys.path)
except interpreters.RunFailedError as error:
    print(error)
import weir
weir.Counter("c", "C.").inc()
print("the main one counts")
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sub_interpreter_is_refused_with_the_way_out(tmp_path, when):
    """Whether or not the main interpreter imported weir first; the main one goes on working."""
    done = run(IN_A_SUB_INTERPRETER, tmp_path, when)
    assert "ImportError" in done.stdout and "cannot be imported in a sub-interpreter" in done.stdout, done.stderr
    assert "the main one counts\n" in done.stdout


def rss():
    with open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Calls:
    """Every verb of every instrument, once a call."""

    def __init__(self, storage):
        registry = weir.CollectorRegistry(storage=storage)
        self.family = weir.Counter("c", "C.", ["a", "b"], registry=registry)
        self.child = self.family.labels("x", "y")
        self.gauge = weir.Gauge("g", "G.", registry=registry)
        self.histogram = weir.Histogram("h", "H.", registry=registry)
        self.summary = weir.Summary("s", "S.", registry=registry)
        self.info_metric = weir.Info("i", "I.", registry=registry)
        self.enum = weir.Enum("e", "E.", states=["on", "off"], registry=registry)
        self.value = _weir.Value("gauge", "v", "v", ["a"], ["b"], "V.", "mostrecent", storage=storage)
        self.timed = self.histogram.time()(self.summary.time()(self.gauge.time()(lambda: 3)))
        self.tracked = self.gauge.track_inprogress()(lambda: 3)
        self.guarded = self.child.count_exceptions(KeyError)(self.raising)

        @self.summary.time()
        @self.gauge.track_inprogress()
        async def task():
            return 3
        self.task = task

    @staticmethod
    def raising():
        raise KeyError

    def counters(self):
        self.child.inc(), self.child.inc(2), self.child.get()

    def exemplars(self):
        self.child.inc(1, exemplar={"trace": "x"}), self.histogram.observe(2, {"trace": "y"})

    def labels(self):
        self.family.labels("x", "y").inc(), self.family.labels(b="y", a="x"), self.family.labels("x", 5)

    def gauges(self):
        self.gauge.set(3), self.gauge.inc(), self.gauge.dec(2), self.gauge.set_to_current_time(), self.gauge.get()
        self.gauge.set_function(self.raising), self.gauge.set_function(None)

    def observations(self):
        self.histogram.observe(0.3), self.summary.observe(0.3)

    def values(self):
        """Of prometheus_client's metrics over Weir."""
        self.value.inc(2), self.value.set(3.5, 1e9), self.value.get(), self.value.get_timestamp()
        self.value.set_exemplar(weir.Exemplar({"trace": "x"}, 2.5, 1e9)), self.value.get_exemplar()

    def infos_and_states(self):
        self.info_metric.info({"version": "1.2"}), self.enum.state("off"), self.enum.get()

    def blocks(self):
        with self.histogram.time(), self.gauge.track_inprogress(), self.child.count_exceptions():
            pass

    def decorated(self):
        self.timed(), self.tracked()

    def exceptions(self):
        try:
            self.guarded()
        except KeyError:
            pass

    def tasks(self):
        try:
            self.task().send(None)
        except StopIteration as done:
            assert done.value == 3

    def refusals(self):
        for refused in (self.child.labels, self.gauge.set, self.family.inc, lambda: self.child.inc(-1)):
            with contextlib.suppress(ValueError, TypeError):
                refused()


# What the calls take and give: a reference too many is a leak, one too few ends the process some day.
SHARED = [None, True, False, 3, "x", "y", "trace", weir.Counter, weir.Gauge, weir.Histogram, weir.Info, _weir.Value]


@pytest.mark.parametrize("storage, verb", [
    *(("files", name) for name in vars(Calls) if name[0] != "_" and name != "raising"),
    ("memory", "counters"), ("memory", "values"), ("memory", "exemplars")])
def test_calls_keep_no_memory(storage, verb, tmp_path):
    """An object kept a call would be 16 bytes at least."""
    call = getattr(Calls(weir.memory_storage() if storage == "memory" else weir.file_storage(str(tmp_path))), verb)

    def work(rounds):
        for _ in range(rounds):
            call()

    work(ROUNDS // 10)
    gc.collect()
    before, references = rss(), [sys.getrefcount(each) for each in SHARED]
    tracemalloc.start()
    try:
        work(2500)  # fills Python's lists of free objects
        first = tracemalloc.get_traced_memory()[0]
        work(1000)
        grown = tracemalloc.get_traced_memory()[0] - first
    finally:
        tracemalloc.stop()
    work(ROUNDS)
    assert grown < 8 * 1000
    assert [sys.getrefcount(each) for each in SHARED] == pytest.approx(references, abs=1000)
    assert rss() - before < 8 * ROUNDS + QUARANTINE


def test_metrics_children_scrapes_and_errors_that_come_and_go_keep_no_memory():
    def work(rounds):
        registry = weir.CollectorRegistry(storage=weir.memory_storage())
        for _ in range(rounds):
            family = weir.Counter("c", "C.", ["a"], registry=registry)
            weir.Gauge("g", "G.", ["a"], registry=None).labels("b").set_function(lambda: 1)
            for n in range(20):
                family.labels(n).inc(1, exemplar={"trace": "x"})
            try:
                family.labels(3).inc(-1)
            except ValueError:
                pass
            weir.generate_openmetrics(registry)
            registry.collect()
            family.remove(7)
            registry.unregister(family)

    work(500)
    gc.collect()
    before = rss()
    work(3000)
    gc.collect()
    assert rss() - before < 2_000_000


def test_a_callback_may_register_and_scrape():
    registry = weir.CollectorRegistry(storage=weir.memory_storage())
    gauge = weir.Gauge("g", "G.", registry=registry)
    made = []

    def callback():
        made.append(weir.Counter(f"made{len(made)}", "M.", registry=registry))
        return 4

    gauge.set_function(callback)
    assert b"g 4\n" in weir.generate_latest(registry)
    assert b"made0_total 0\n" in weir.generate_latest(registry)


def test_a_collector_that_outlives_its_registry_entry_is_not_called():
    registry = weir.CollectorRegistry(storage=weir.memory_storage())
    called = []

    class Collector:
        def collect(self):
            called.append(1)
            return []

    collector = Collector()
    registry.register(collector)
    weir.generate_latest(registry)
    registry.unregister(collector)
    weir.generate_latest(registry)
    assert called == [1]
