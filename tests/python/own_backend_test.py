"""A storage written in Python: registered under a name, chosen like any other, behind every kind of metric."""
import pytest

import weir
from prometheus_programs import run
from redis_programs import CURRENT

SQLITE = """
    import os, sqlite3, threading
    import weir

    class SqliteBackend:
        '''One value a row of a database; all processes that open it share the values.'''
        _lock = threading.Lock()

        @classmethod
        def _initialize(cls, config):
            cls.database = sqlite3.connect(config["path"], check_same_thread=False, isolation_level=None)
            cls.database.execute("PRAGMA synchronous = OFF")  # the tests need no disk's patience
            cls.database.execute("PRAGMA journal_mode = MEMORY")
            cls.database.execute("CREATE TABLE IF NOT EXISTS metric (name TEXT PRIMARY KEY, value REAL)")

        def __init__(self, config, metric, histogram_bucket=None):
            self.name = " ".join([metric.sample_name, *metric.labels.values(), *filter(None, [histogram_bucket])])
            self._run("INSERT OR IGNORE INTO metric VALUES (?, 0)", self.name)

        def _run(self, statement, *arguments):
            with self._lock:
                return self.database.execute(statement, arguments).fetchone()

        def inc(self, amount):
            self._run("UPDATE metric SET value = value + ? WHERE name = ?", amount, self.name)

        def dec(self, amount):
            self.inc(-amount)

        def set(self, value):
            self._run("UPDATE metric SET value = ? WHERE name = ?", value, self.name)

        def get(self):
            return self._run("SELECT value FROM metric WHERE name = ?", self.name)[0]

    weir.register_backend("SqliteBackend", SqliteBackend)
    path = os.environ["DATABASE"]
"""


def test_every_kind_of_metric_counts_in_it(tmp_path):
    run(CURRENT, SQLITE + """
    weir.load_backend("SqliteBackend", {"path": path})
    assert weir.backend_class() == "SqliteBackend"
    jobs = weir.Counter("jobs", "J.", ["kind"])
    jobs.labels("red").inc(3)
    level = weir.Gauge("level", "L.")
    level.set(7), level.dec(2)
    weir.Histogram("latency", "L.", buckets=[1, 2]).observe(1.5)
    weir.Summary("wait", "W.").observe(4)
    rows = dict(sqlite3.connect(path).execute("SELECT name, value FROM metric"))
    assert rows == {"jobs_total red": 3, "level": 5, "latency_bucket 1.0": 0, "latency_bucket 2.0": 1,
                    "latency_bucket +Inf": 0, "latency_sum": 1.5, "wait_count": 1, "wait_sum": 4}, rows
    found = counted(weir.generate_latest().decode())
    assert found['jobs_total{kind="red"}'] == 3 and found['latency_bucket{le="+Inf"}'] == 1, found
    """, DATABASE=str(tmp_path / "metrics.sqlite"))


def test_prometheus_clients_metrics_count_in_it_and_processes_share_it(tmp_path):
    program = SQLITE + """
    import weir.prometheus
    from prometheus_client import Counter, Histogram
    weir.load_backend("SqliteBackend", {"path": path})
    weir.prometheus.install()
    Counter("jobs", "J.").inc(2)
    Histogram("latency", "L.", buckets=[1]).observe(0.5)
    rows = dict(sqlite3.connect(path).execute("SELECT name, value FROM metric"))
    print(rows["jobs_total"], rows["latency_bucket 1.0"], rows["latency_sum"])
    """
    database = str(tmp_path / "metrics.sqlite")
    assert run(CURRENT, program, DATABASE=database) == "2.0 1.0 0.5\n"
    assert run(CURRENT, program, DATABASE=database) == "4.0 2.0 1.0\n"


def test_the_environment_chooses_it(tmp_path):
    config = tmp_path / "backend.json"
    config.write_text(f'{{"path": "{tmp_path}/metrics.sqlite"}}')
    run(CURRENT, SQLITE + """
    weir.Counter("jobs", "J.").inc(2)
    assert dict(sqlite3.connect(path).execute("SELECT name, value FROM metric")) == {"jobs_total": 2}
    """, DATABASE=str(tmp_path / "metrics.sqlite"), WEIR_BACKEND_CLASS="SqliteBackend", WEIR_BACKEND_CONFIG=str(config))


def test_many_threads_count_while_a_server_thread_scrapes(tmp_path):
    """Calls come from Python's threads and from the HTTP server's, which has no Python thread of its own."""
    run(CURRENT, SQLITE + """
    import urllib.request
    weir.load_backend("SqliteBackend", {"path": path})
    jobs = weir.Counter("jobs", "J.")
    server = weir.start_http_server(0, addr="127.0.0.1")
    threads = [threading.Thread(target=lambda: [jobs.inc() for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    page = f"http://127.0.0.1:{server.port}/metrics"
    seen = [counted(urllib.request.urlopen(page, timeout=30).read().decode())["jobs_total"] for _ in range(10)]
    for thread in threads:
        thread.join()
    assert seen == sorted(seen) and counted(weir.generate_latest().decode())["jobs_total"] == 800, seen
    """, DATABASE=str(tmp_path / "metrics.sqlite"))


def test_what_its_calls_raise_costs_that_call_alone(tmp_path):
    run(CURRENT, """
    import weir
    class Broken:
        def __init__(self, config, metric, histogram_bucket=None):
            if metric.name == "refused": raise LookupError("no room for refused")
            self.value = 0
        def inc(self, amount):
            if amount == 13: raise OSError("disk full")
            self.value += amount
        dec = set = inc
        def get(self): return self.value
    weir.register_backend("Broken", Broken)
    weir.load_backend("Broken")
    jobs = weir.Counter("jobs", "J.")
    jobs.inc(1), jobs.inc(13), jobs.inc(2)
    assert counted(weir.generate_latest().decode())["jobs_total"] == 3
    try:
        weir.Counter("refused", "R.")
    except LookupError as error:
        assert "no room for refused" in str(error)
    else:
        raise AssertionError("the constructor's error is lost")
    """)


def test_children_are_removed_while_threads_are_in_calls_of_their_backends(tmp_path):
    """A removed child is freed: not before the calls of its backends have ended. A call may remove its own child."""
    run(CURRENT, """
    import sys, threading, time
    import weir

    class Slow:
        def __init__(self, config, metric, histogram_bucket=None):
            self.value = 0.0

        def inc(self, amount):
            if amount == 13:
                family.remove("x")
                family.labels("x").inc(7)
            time.sleep(0)  # other threads run
            self.value += amount
        dec = inc

        def set(self, value):
            time.sleep(0)
            self.value = value

        def get(self):
            time.sleep(0)
            return self.value

    sys.setswitchinterval(1e-6)
    weir.register_backend("Slow", Slow)
    weir.load_backend("Slow")
    family = weir.Counter("c", "C.", ["a"])
    others = [weir.Histogram("h", "H.", ["a"]), weir.Gauge("g", "G.", ["a"]),
              weir.Enum("e", "E.", ["a"], states=["on", "off"])]
    family.labels("x").inc(13)
    assert family.labels("x").get() == 7, "another child"
    end = time.monotonic() + 1.5

    def use():
        while time.monotonic() < end:
            family.labels("x").inc()
            others[0].labels("x").observe(2), others[1].labels("x").set(3), others[2].labels("x").state("off")

    def remove():
        while time.monotonic() < end:
            for metric in (family, *others):
                metric.remove("x")
            family.clear(), others[0].clear()
            weir.generate_latest()

    threads = [threading.Thread(target=work) for work in (use, use, use, remove, remove)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    """)


def test_removing_a_child_never_waits_for_its_backends_call(tmp_path):
    """The call may be waiting for whoever removes. What it counts then is its own child's affair, not the new one's."""
    run(CURRENT, """
    import gc, threading, weakref
    import weir

    class Locked:
        made = weakref.WeakSet()

        def __init__(self, config, metric, histogram_bucket=None):
            self.value, self.metric = 0.0, metric.name
            self.made.add(self)

        def inc(self, amount):
            if amount == 13:
                inside.set()
                with lock:
                    pass
            self.value += amount
        dec = set = inc

        def get(self):
            return self.value

    weir.register_backend("Locked", Locked)
    weir.load_backend("Locked")
    for removed in ("remove", "clear"):
        lock, inside = threading.Lock(), threading.Event()
        family = weir.Histogram("h" + removed, "H.", ["a"], buckets=[1])
        old = family.labels("x")
        with lock:
            thread = threading.Thread(target=old.observe, args=(13,))
            thread.start()
            assert inside.wait(20)
            family.remove("x") if removed == "remove" else family.clear()
            family.labels("x").observe(1)
            assert thread.is_alive()
        thread.join(20)
        old.observe(5)                      # counts nowhere
        shown = counted(weir.generate_latest().decode())
        assert shown['h%s_count{a="x"}' % removed] == 1 == shown['h%s_sum{a="x"}' % removed], shown
        family.labels("gone").observe(1)
        family.remove("gone")               # frees what has ended meanwhile, too
        assert sum(one.metric == "h" + removed for one in Locked.made) == 3, "two buckets and the sum of the living"
    """)


def test_a_class_that_is_no_backend_and_a_taken_name_are_refused():
    with pytest.raises(TypeError, match="register_backend\\('Nothing'\\): <class 'object'> has no inc"):
        weir.register_backend("Nothing", object)
    methods = {verb: lambda self, *_: None for verb in ("inc", "dec", "set", "get")}
    with pytest.raises(weir.RegistrationError, match='"MultiProcessFileBackend" is taken'):
        weir.register_backend("MultiProcessFileBackend", type("Methods", (), methods))
