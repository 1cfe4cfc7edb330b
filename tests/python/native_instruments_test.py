"""weir.Counter, Gauge, Histogram, Summary, Info, Enum: prometheus_client's calls, in memory and in files."""
import gc
import itertools
import os
import subprocess
import sys
import weakref

import pytest
import weir

WEIR = os.environ.get("WEIR_BUILD_DIR", "build/release") + "/bin/weir"
_directories = itertools.count()


@pytest.fixture(params=["memory", "files"])
def registry(request, tmp_path):
    if request.param == "memory":
        return weir.CollectorRegistry(storage=weir.memory_storage())
    return weir.CollectorRegistry(storage=weir.file_storage(str(tmp_path / f"metrics{next(_directories)}")))


def text(registry):
    return weir.generate_latest(registry).decode()


def test_a_counter_adds_and_its_sample_ends_in_total(registry):
    jobs = weir.Counter("jobs", "Jobs.", registry=registry)
    jobs.inc()
    jobs.inc(2.5)
    jobs.inc(amount=1)
    assert jobs.get() == 4.5
    assert text(registry) == "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total 4.5\n"


def test_every_instrument_tells_where_its_values_live(registry):
    kinds = {weir.Counter: {}, weir.Gauge: {}, weir.Histogram: {}, weir.Summary: {}, weir.Info: {},
             weir.Enum: {"states": ["on"]}}
    for kind, more in kinds.items():
        plain = kind(kind.__name__.lower(), "M.", registry=registry, **more)
        labelled = kind(kind.__name__.lower() + "s", "M.", ["a"], registry=registry, **more)
        assert plain.backend_name() == labelled.labels("x").backend_name() == registry.storage.backend_name


def test_a_flush_takes_a_time_out_of_any_length_and_refuses_what_is_none(registry):
    assert registry.storage.flush(float("inf")) and registry.storage.flush(0) and weir.flush(1e300)
    for wrong in (float("nan"), -1):
        with pytest.raises(ValueError, match=f"flush.timeout={wrong}.: must be 0 or more seconds"):
            registry.storage.flush(wrong)


def test_names_join_namespace_subsystem_and_unit(registry):
    weir.Counter("sent_total", "S.", namespace="app", subsystem="net", unit="bytes", registry=registry).inc()
    assert "app_net_sent_bytes_total 1\n" in text(registry)


def test_arguments_have_the_names_prometheus_client_gives_them(registry):
    gauge = weir.Gauge("g", "G.", registry=registry)
    gauge.set(value=3)
    gauge.inc(amount=2)
    gauge.dec(amount=1)
    assert gauge.get() == 4
    weir.Summary("s", "S.", registry=registry).observe(amount=2)
    weir.Histogram("h", "H.", registry=registry).observe(amount=2, exemplar={"a": "b"})
    weir.Info("i", "I.", registry=registry).info(val={"a": "b"})
    weir.Enum("e", "E.", states=["off", "on"], registry=registry).state(state="on")
    gauge.set_function(f=lambda: "0.5")
    for line in ("g 0.5", "s_sum 2", "h_sum 2", 'i_info{a="b"} 1', 'e{e="on"} 1'):
        assert f"\n{line}\n" in text(registry)
    with pytest.raises(TypeError, match="set.. got an unexpected keyword argument 'to'"):
        gauge.set(to=1)
    with pytest.raises(TypeError, match="set.. needs value"):
        gauge.set()


def test_a_gauge_takes_a_number_as_text(registry):
    gauge = weir.Gauge("g", "G.", registry=registry)
    gauge.set(" 3.5 ")
    assert gauge.get() == 3.5
    with pytest.raises(ValueError, match="could not convert string to float: 'much'"):
        gauge.set("much")
    assert gauge.get() == 3.5


def test_labels_by_position_by_name_and_of_any_type_give_one_child(registry):
    requests = weir.Counter("requests", "R.", ["method", "code"], registry=registry)
    child = requests.labels("GET", "200")
    assert requests.labels("GET", 200) is child
    assert requests.labels(code=200, method="GET") is child
    child.inc()
    requests.labels("é\n\"", "").inc(2)
    assert 'requests_total{code="200",method="GET"} 1\n' in text(registry)
    assert 'requests_total{code="",method="é\\n\\""} 2\n' in text(registry)
    assert isinstance(child, weir.Counter)


def test_a_thousand_children_are_told_apart_through_growth_and_removal(registry):
    # In files, removed children's values stay.
    forgets = registry.storage.describe() == weir.memory_storage().describe()
    family = weir.Counter("c", "C.", ["n"], registry=registry)
    for n in range(1000):
        family.labels(n).inc(n)
    for n in range(0, 1000, 3):
        family.remove(n)
    for n in range(1000):
        family.labels(n).inc(0)
        assert family.labels(str(n)).get() == (0 if forgets and n % 3 == 0 else n)


def test_a_removed_child_counts_nowhere_and_a_new_one_starts_anew():
    registry = weir.CollectorRegistry(storage=weir.memory_storage())
    family = weir.Gauge("g", "G.", ["a"], registry=registry)
    old = family.labels("x")
    old.set_function(lambda: 1 / 0)
    family.remove("x")
    family.remove("never there")
    old.set(5)
    old.inc()
    assert "g{" not in text(registry)
    assert family.labels("x").get() == 0
    family.labels("y").set(1)
    family.clear()
    assert "g{" not in text(registry)
    with pytest.raises(ValueError, match="this child was removed"):
        old.get()


def test_remove_by_labels_forgets_all_that_have_them(registry):
    family = weir.Counter("c", "C.", ["a", "b"], registry=registry)
    kept = family.labels("1", "x")
    for b in "xyz":
        family.labels("2", b)
    family.remove_by_labels({"a": 2})
    assert family._children() == [kept]


def test_gauges_set_add_and_ask_a_function(registry):
    depth = weir.Gauge("depth", "D.", registry=registry)
    depth.set(4)
    depth.inc()
    depth.dec(2)
    assert depth.get() == 3
    depth.set_function(lambda: 17)
    assert "depth 17\n" in text(registry)
    depth.set_function(None)
    depth.set(1)
    assert "depth 1\n" in text(registry)
    depth.set_to_current_time()
    assert depth.get() > 1.7e9


def test_a_function_that_raises_shows_the_value_before_and_is_logged(registry, caplog):
    name = f"depth{next(_directories)}"  # the same problem is logged once
    depth = weir.Gauge(name, "D.", registry=registry)
    depth.set(2)
    depth.set_function(lambda: 1 / 0)
    assert f"{name} 2\n" in text(registry)
    assert name in caplog.text and "division by zero" in caplog.text


def test_histograms_count_in_buckets_and_nan_counts_in_inf(registry):
    latency = weir.Histogram("latency", "L.", buckets=[1, 2.5], registry=registry)
    for value in (0.5, 1, 1.1, 2.5, 7, float("inf"), float("-inf")):
        latency.observe(value)
    assert 'latency_bucket{le="1.0"} 3\nlatency_bucket{le="2.5"} 5\nlatency_bucket{le="+Inf"} 7\n' in text(registry)
    latency.observe(float("nan"))
    shown = text(registry)
    assert 'latency_bucket{le="2.5"} 5\nlatency_bucket{le="+Inf"} 8\nlatency_count 8\nlatency_sum NaN\n' in shown


def test_summaries_infos_and_enums(registry):
    size = weir.Summary("size", "S.", registry=registry)
    size.observe(3)
    size.observe(4)
    weir.Info("build", "B.", registry=registry).info({"version": "1"})
    state = weir.Enum("state", "T.", states=["up", "down"], registry=registry)
    state.state("down")
    shown = text(registry)
    assert "size_count 2\nsize_sum 7\n" in shown
    assert 'build_info{version="1"} 1\n' in shown
    assert 'state{state="up"} 0\nstate{state="down"} 1\n' in shown
    assert state.get() == "down"


def test_exemplars_stand_in_openmetrics(registry):
    weir.Counter("c", "C.", registry=registry).inc(2, exemplar={"trace_id": "abc"})
    weir.Histogram("h", "H.", buckets=[1], registry=registry).observe(0.5, exemplar={"trace_id": "def"})
    shown = weir.generate_openmetrics(registry).decode()
    assert 'c_total 2.0 # {trace_id="abc"} 2.0 ' in shown
    assert 'h_bucket{le="1.0"} 1.0 # {trace_id="def"} 0.5 ' in shown
    assert shown.endswith("# EOF\n")


def test_other_processes_readers_see_what_native_metrics_count(tmp_path):
    directory = str(tmp_path / "m")
    registry = weir.CollectorRegistry(storage=weir.file_storage(directory))
    weir.Counter("seen", "S.", ["a"], registry=registry).labels("b").inc(3)
    shown = subprocess.run([WEIR, "show", "--dir", directory], capture_output=True, text=True, check=True, timeout=30)
    assert 'seen_total{a="b"} 3\n' in shown.stdout
    script = ("import sys, prometheus_client as p\nfrom prometheus_client.multiprocess import MultiProcessCollector\n"
              "r = p.CollectorRegistry(); MultiProcessCollector(r, sys.argv[1])\n"
              "sys.stdout.write(p.generate_latest(r).decode())")
    env = {key: value for key, value in os.environ.items() if key != "WEIR_PROMETHEUS_CLIENT"}
    stock = subprocess.run([sys.executable, "-c", script, directory], capture_output=True, text=True, check=True,
                           timeout=30, env=env)
    assert 'seen_total{a="b"} 3.0\n' in stock.stdout


def bad_calls():
    memory = weir.memory_storage()
    registry = weir.CollectorRegistry(storage=memory)
    family = weir.Counter("c", "C.", ["m"], registry=registry)
    gauge = weir.Gauge("g", "G.", registry=registry)
    recent = weir.Gauge("recent", "G.", registry=registry, multiprocess_mode="mostrecent")
    state = weir.Enum("e", "E.", states=["a"], registry=registry)
    histogram = weir.Histogram("h", "H.", registry=registry)
    new = {"registry": registry}
    return [
        (lambda: family.inc(), ValueError, "counter metric c is missing label values.*its labels: m"),
        (lambda: family.labels(), ValueError, "Incorrect label count: metric c has the labels: m"),
        (lambda: family.labels("a", "b"), ValueError, "Incorrect label count"),
        (lambda: family.labels(x=1), ValueError, "Incorrect label names"),
        (lambda: family.labels("a", m="a"), ValueError, "both"),
        (lambda: family.labels("a").labels("b"), ValueError, "already has labels"),
        (lambda: family.labels("\ud800"), UnicodeEncodeError, "surrogates not allowed"),
        (lambda: gauge.labels("a"), ValueError, "No label names were set"),
        (lambda: family.labels("a").inc(-1), ValueError, "counter c: inc.-1.: a counter only goes up"),
        (lambda: family.labels("a").inc(float("nan")), ValueError, "only goes up"),
        (lambda: family.labels("a").inc("1"), TypeError, "must be real number, not str"),
        (lambda: family.labels("a").inc(1, 2, 3), TypeError, "at most 2 arguments"),
        (lambda: family.labels("a").inc(amout=1), TypeError, "unexpected keyword argument 'amout'"),
        (lambda: family.labels("a").inc(1, exemplar={"a": "b" * 200}), ValueError, "OpenMetrics allows 128"),
        (lambda: family.labels("a").inc(1, exemplar="ab"), TypeError, "dict of texts, not str"),
        (lambda: family.remove(), ValueError, "Incorrect label count"),
        (lambda: family.remove_by_labels({"x": 1}), ValueError, "no labels"),
        (lambda: histogram.observe(), TypeError, "needs an amount"),
        (lambda: recent.inc(), ValueError, "only set"),
        (lambda: gauge.set_function(3), TypeError, "3 is not callable"),
        (lambda: state.state("b"), ValueError, '"b" is none of its states: a'),
        (lambda: weir.Counter("", "C.", **new), ValueError, "not be empty"),
        (lambda: weir.Counter("a-b", "C.", **new), ValueError, '"a-b" does not match'),
        (lambda: weir.Counter("x", "C.", ["__a"], **new), ValueError, "__a"),
        (lambda: weir.Counter("x", "C.", "abc", **new), TypeError, "must be a list of names"),
        (lambda: weir.Counter("c_total", "C.", **new), weir.RegistrationError, "Duplicated timeseries.*'c'"),
        (lambda: weir.Gauge("x", "C.", multiprocess_mode="avg", **new), ValueError, "'avg' is none of: all, liveall"),
        (lambda: weir.Histogram("x", "C.", buckets=[2, 1], **new), ValueError, "must ascend"),
        (lambda: weir.Histogram("x", "C.", ["le"], **new), ValueError, "le"),
        (lambda: weir.Enum("x", "E.", **new), ValueError, "at least one state"),
        (lambda: weir.Info("x", "I.", unit="s", **new), ValueError, "cannot have a unit"),
        (lambda: weir.Counter.__new__(weir.Counter).inc(), RuntimeError, "__init__ has not been called"),
        (lambda: family.__init__("again", "A."), TypeError, "made already"),
    ]


@pytest.mark.parametrize("n", range(len(bad_calls())))
def test_bad_calls_say_what_is_wrong(n):
    call, error, message = bad_calls()[n]
    with pytest.raises(error, match=message):
        call()


def test_a_metric_without_a_registry_goes_with_its_last_reference():
    class Probe:
        def __call__(self):
            return 1.0

    family = weir.Gauge("gone", "G.", ["a"], registry=weir.CollectorRegistry(storage=weir.memory_storage()))
    probe = Probe()
    probe.gauge = family.labels("x")  # a cycle: the gauge holds the function, the function the gauge
    family.labels("x").set_function(probe)
    went = weakref.ref(probe)
    child = family.labels("y")
    del probe, family
    gc.collect()
    assert went() is None
    child.inc()  # its metric is still there
    assert child.get() == 1
