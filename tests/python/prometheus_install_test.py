"""weir.prometheus.install() and uninstall(): what they replace, how metrics move, what stays prometheus_client's."""
import pytest

from prometheus_programs import both_versions, run

# Everything install() may touch, as (module, name).
SNAPSHOT = """
    import prometheus_client, sys
    from prometheus_client import exposition, metrics, multiprocess, values
    from prometheus_client.openmetrics import exposition as openmetrics
    import weir.prometheus

    def snapshot():
        return {(module, name): value for module, space in list(sys.modules.items())
                if module.startswith(("prometheus_client", "__main__")) for name, value in vars(space).items()
                if callable(value)}
"""


@both_versions
def test_everything_is_replaced_and_put_back_exactly(python, tmp_path):
    run(python, SNAPSHOT + """
    from prometheus_client import generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
    from prometheus_client.values import ValueClass
    before = snapshot()
    weir.prometheus.install()
    weir.prometheus.install()
    changed = {name for (module, name), value in snapshot().items() if before[module, name] is not value}
    assert changed == {"ValueClass", "MultiProcessValue", "get_value_class", "MultiProcessCollector",
                       "mark_process_dead", "generate_latest"}, changed
    assert generate_latest is exposition.generate_latest is not before["prometheus_client", "generate_latest"]
    assert weir.prometheus.is_installed() and issubclass(values.ValueClass, weir._weir.Value)
    from prometheus_client import generate_latest as imported_meanwhile
    weir.prometheus.uninstall()
    weir.prometheus.uninstall()
    after = snapshot()
    assert imported_meanwhile is after["prometheus_client", "generate_latest"]
    assert all(after[key] is value for key, value in before.items())
    assert not weir.prometheus.is_installed()
    """, tmp_path)


@both_versions
@pytest.mark.parametrize("place", ["memory", "files"])
def test_metrics_made_before_move_with_what_they_counted(python, place, tmp_path):
    run(python, """
    import os
    from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Summary
    import weir.prometheus
    c, own = Counter("c", "C", ["k"]), Counter("own", "O", registry=None)
    g, h, s = Gauge("g", "G", multiprocess_mode="max"), Histogram("h", "H", buckets=[1, 2]), Summary("s", "S")
    unset, kept = Gauge("unset", "U"), c.labels("a")
    def count():
        kept.inc(3), own.inc(2), g.set(5), h.observe(1.5), s.observe(2)
    count()
    held_value = h._sum
    weir.prometheus.install()
    count()
    held_value.inc(10)
    assert (kept._value.get(), own._value.get(), g._value.get()) == (6, 4, 5)
    assert (h._sum.get(), [b.get() for b in h._buckets], s._count.get()) == (13, [0, 2, 0], 2)
    values = kept._value, own._value, g._value, h._sum, *h._buckets, s._sum
    assert all(isinstance(value, weir._weir.Value) for value in values)
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        shown = scraped()
        expected = {'c_total{k="a"}': 6, "own_total": 4, "g": 5, "h_sum": 13, "h_count": 2, "s_count": 2, "s_sum": 4,
                    'unset{pid="%d"}' % os.getpid(): 0, 'h_bucket{le="2.0"}': 2, 'h_bucket{le="1.0"}': 0,
                    'h_bucket{le="+Inf"}': 2}
        assert shown == expected, shown
    else:
        assert REGISTRY.get_sample_value("c_total", {"k": "a"}) == 6 and REGISTRY.get_sample_value("h_count") == 2
    """, tmp_path if place == "files" else None)


@both_versions
@pytest.mark.parametrize("place", ["memory", "files"])
def test_counting_threads_lose_nothing_when_metrics_move(python, place, tmp_path):
    run(python, """
    import os, threading
    from prometheus_client import Counter
    import sys, weir.prometheus
    sys.setswitchinterval(1e-6)
    c, started, counts = Counter("c", "C"), threading.Barrier(5), []
    stop = threading.Event()
    def count():
        started.wait()
        n = 0
        while not stop.is_set():
            c.inc()
            n += 1
        counts.append(n)
    threads = [threading.Thread(target=count) for _ in range(4)]
    [t.start() for t in threads]
    started.wait()
    weir.prometheus.install()
    stop.set()
    [t.join() for t in threads]
    assert c._value.get() == sum(counts) > 0
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ or scraped() == {"c_total": sum(counts)}
    """, tmp_path if place == "files" else None)


@both_versions
def test_a_forked_child_counts_from_zero_in_files_and_goes_on_in_memory(python, tmp_path):
    for place, child_sees, all_counted in ((tmp_path, 2, 9), (None, 9, None)):
        run(python, f"""
        import os, weir.prometheus
        from prometheus_client import Counter
        early = Counter("early", "E")
        early.inc(7)
        weir.prometheus.install()
        pid = os.fork()
        if pid == 0:
            early.inc(2)
            os._exit(0 if early._value.get() == {child_sees} else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert early._value.get() == 7
        assert {all_counted} is None or scraped() == {{"early_total": {all_counted}}}
        """, place)


@both_versions
def test_a_foreign_value_class_is_refused_with_nothing_changed(python, tmp_path):
    run(python, SNAPSHOT + """
    class Theirs:
        pass
    values.ValueClass = Theirs
    before = snapshot()
    try:
        weir.prometheus.install()
    except RuntimeError as error:
        assert "Theirs" in str(error)
    else:
        raise AssertionError("accepted")
    assert snapshot() == before and not weir.prometheus.is_installed()
    """, tmp_path)


@both_versions
def test_a_storage_that_cannot_be_had_leaves_the_metrics_as_they_were(python, tmp_path):
    run(python, SNAPSHOT + """
    import os
    made = prometheus_client.Gauge("made", "M")
    made.set(4)
    files = os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    before = snapshot()
    os.environ["WEIR_FILE_LAYOUT"] = "2.0"
    try:
        weir.prometheus.install()
    except weir._weir.ConfigError as error:
        assert "WEIR_FILE_LAYOUT" in str(error)
    else:
        raise AssertionError("accepted")
    assert snapshot() == before and os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"]) == files
    made.inc()
    assert scraped() == {'made{pid="%d"}' % os.getpid(): 5}
    """, tmp_path)


@both_versions
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_own_process_identifier_keeps_working(python, when, tmp_path):
    run(python, f"""
    import os, weir.prometheus
    from prometheus_client import Counter, Gauge, values
    {'' if when == "before" else 'weir.prometheus.install()'}
    slot = 1
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: slot)
    c, g = Counter("c", "C"), Gauge("g", "G")
    c.inc(2), g.set(3)
    weir.prometheus.install()
    c.inc()
    slot = 2
    c.inc(4), g.set(5)
    assert "counter_1.db" in os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert scraped() == {{"c_total": 7, 'g{{pid="1"}}': 3, 'g{{pid="2"}}': 5}}
    """, tmp_path)


@both_versions
def test_other_registries_and_collectors_stay_prometheus_clients(python, tmp_path):
    run(python, """
    from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, multiprocess, REGISTRY
    import weir.prometheus
    weir.prometheus.install()
    Counter("c", "C").inc()
    mixed = CollectorRegistry()
    multiprocess.MultiProcessCollector(mixed)
    Gauge("local", "L", registry=mixed, multiprocess_mode="max").set(3)
    shown = generate_latest(mixed).decode()
    assert "c_total 1.0" in shown and shown.count("\\nlocal 3.0") == 2  # as prometheus_client's: once of each collector
    assert b"process_cpu_seconds_total" in generate_latest(REGISTRY) and b"python_info" in generate_latest()
    named = CollectorRegistry(target_info={"env": "test"})
    multiprocess.MultiProcessCollector(named)
    assert b'target_info{env="test"}' in generate_latest(named)
    """, tmp_path)


@both_versions
def test_collectors_made_before_and_after_read_alike(python, tmp_path):
    run(python, """
    from prometheus_client import CollectorRegistry, Counter, generate_latest, multiprocess
    import weir.prometheus
    registry = CollectorRegistry()
    early = multiprocess.MultiProcessCollector(registry)
    held = [multiprocess.MultiProcessCollector]  # not a module's name, so not replaced
    weir.prometheus.install()
    Counter("c", "C").inc(2)
    assert type(early) is multiprocess.MultiProcessCollector is not held[0] and isinstance(early, held[0])
    assert generate_latest(registry).decode() == expose() == "# HELP c_total C\\n# TYPE c_total counter\\nc_total 2\\n"
    weir.prometheus.uninstall()
    assert type(early) is held[0] and counted(generate_latest(registry).decode()) == {"c_total": 2}
    """, tmp_path)


@both_versions
def test_after_uninstall_metrics_count_on_and_stock_reads_them(python, tmp_path):
    run(python, """
    from prometheus_client import Counter
    import weir.prometheus
    weir.prometheus.install()
    c = Counter("c", "C")
    c.inc(2)
    weir.prometheus.uninstall()
    c.inc()
    Counter("stock", "S").inc(5)
    assert scraped() == {"c_total": 3, "stock_total": 5}
    """, tmp_path)


@both_versions
def test_exemplars_are_kept_and_shown_to_openmetrics_scrapers(python, tmp_path):
    run(python, """
    from prometheus_client import CollectorRegistry, Counter, Histogram, multiprocess
    from prometheus_client.openmetrics.exposition import generate_latest
    import weir.prometheus
    c = Counter("c", "C")
    weir.prometheus.install()
    c.inc(2, exemplar={"trace": "abc"})
    Histogram("h", "H").observe(0.2, exemplar={"trace": "def"})
    assert c._value.get_exemplar().labels == {"trace": "abc"} and c._value.get_exemplar().value == 2
    registry = CollectorRegistry()
    collector = multiprocess.MultiProcessCollector(registry)
    shown = generate_latest(registry).decode()
    assert 'c_total 2.0 # {trace="abc"} 2.0 ' in shown and '# {trace="def"} 0.2 ' in shown
    samples = [s for metric in collector.collect() for s in metric.samples if s.exemplar]
    assert [s.exemplar.labels["trace"] for s in samples] == ["abc", "def"]
    """, tmp_path)


@both_versions
def test_mark_process_dead_removes_live_gauges(python, tmp_path):
    run(python, """
    import os
    from prometheus_client import Counter, Gauge, multiprocess
    import weir.prometheus
    weir.prometheus.install()
    g, c = Gauge("g", "G", multiprocess_mode="livesum"), Counter("c", "C")
    child = os.fork()
    if child == 0:
        g.set(3), c.inc()
        os._exit(0)
    os.waitpid(child, 0)
    multiprocess.mark_process_dead(child)
    multiprocess.mark_process_dead(str(child), os.environ["PROMETHEUS_MULTIPROC_DIR"])
    g.set(2)
    assert scraped() == {"g": 2, "c_total": 1}
    files = os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert files and not any(name.startswith("gauge") and str(child) in name for name in files)
    """, tmp_path)


@both_versions
def test_the_old_variable_and_a_directory_set_anew_are_followed(python, tmp_path):
    run(python, """
    import os, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    from prometheus_client import Counter
    import weir.prometheus
    weir.prometheus.install()
    Counter("first", "F").inc()
    assert scraped() == {"first_total": 1}
    second = os.environ["prometheus_multiproc_dir"] + "/second"
    os.mkdir(second)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = second
    Counter("second", "S").inc(2)
    assert scraped() == {"second_total": 2}
    """, None, prometheus_multiproc_dir=str(tmp_path))


@both_versions
def test_damage_costs_that_file_only_and_is_said_once(python, tmp_path):
    run(python, """
    import logging, os
    from prometheus_client import Counter
    import weir.prometheus
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("weir.prometheus").addHandler(handler)
    weir.prometheus.install()
    Counter("c", "C").inc()
    with open(os.path.join(os.environ["PROMETHEUS_MULTIPROC_DIR"], "counter_1.db"), "wb") as file:
        file.write(b"this is no metrics file" * 10)
    assert scraped() == scraped() == {"c_total": 1}
    assert len(said) == 1 and "counter_1.db" in said[0], said
    """, tmp_path)


@both_versions
def test_a_lone_surrogate_and_a_nan_cost_the_scrape_nothing(python, tmp_path):
    run(python, r"""
    import logging
    import weir.prometheus
    weir.prometheus.install()
    from prometheus_client import Counter
    said = []
    logging.getLogger("weir").addHandler(type("Said", (logging.Handler,), {"emit": lambda _, r: said.append(r.getMessage())})())
    paths, odd = Counter("paths", "P.", ["path"]), Counter("odd", "O.")
    paths.labels("ok").inc()
    try:
        paths.labels(b"\xff".decode("utf-8", "surrogateescape")).inc()
    except UnicodeEncodeError:
        pass
    else:
        raise AssertionError("no scrape could show it")
    odd.inc(float("nan"))
    assert scraped() == {'paths_total{path="ok"}': 1, "odd_total": 0}
    assert [line for line in said if "odd" in line], said
    """, tmp_path)


@both_versions
def test_what_programs_ask_of_a_value_and_its_class_is_answered(python, tmp_path):
    run(python, """
    import os
    from prometheus_client import Counter, Gauge, Histogram, values
    import weir.prometheus
    weir.prometheus.install()
    assert values.ValueClass._multiprocess is False
    counter, gauge, histogram = Counter("c", "C"), Gauge("g", "G"), Histogram("h", "H")
    counter.inc(3)
    histogram.observe(2)
    gauge._value._value = 5
    gauge._value._value += 2
    assert (counter._value._value, histogram._sum._value, gauge._value.get()) == (3, 2, 7)
    """)
    run(python, """
    from prometheus_client import values
    import weir.prometheus
    weir.prometheus.install()
    assert values.ValueClass._multiprocess is True
    """, tmp_path)


@both_versions
def test_multi_process_value_asked_for_after_metrics_in_memory_counts_in_files(python, tmp_path):
    run(python, """
    import os, tempfile
    from prometheus_client import Counter, values
    import weir.prometheus
    weir.prometheus.install()
    Counter("early", "E").inc()
    for name in ("first", "second"):
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = os.path.join(os.environ["DIRECTORY"], name)
        os.makedirs(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        values.ValueClass = values.MultiProcessValue()
        assert values.ValueClass._multiprocess
        Counter(name, "N").inc(2)
        assert scraped() == {name + "_total": 2}, scraped()

    class OfTheApplication(values.MultiProcessValue()):
        def inc(self, amount):
            super().inc(10 * amount)

    values.ValueClass = OfTheApplication
    Counter("third", "T").inc(2)
    assert scraped()["third_total"] == 20, scraped()
    values.ValueClass = values.get_value_class()
    weir.prometheus.uninstall()
    Counter("stock", "S").inc(3)
    assert scraped()["stock_total"] == 3 and not issubclass(values.ValueClass, weir._weir.Value)
    weir.prometheus.install()
    """, DIRECTORY=str(tmp_path))
