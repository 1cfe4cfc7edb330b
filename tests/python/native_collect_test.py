"""weir.CollectorRegistry, generate_latest, MultiProcessCollector: what a scrape shows."""
import os
import subprocess
import sys
import urllib.request

import prometheus_client
import prometheus_client.multiprocess
import prometheus_client.openmetrics.parser
import prometheus_client.parser
import pytest
import weir

WEIR = os.environ.get("WEIR_BUILD_DIR", "build/release") + "/bin/weir"


@pytest.fixture
def registry():
    return weir.CollectorRegistry(storage=weir.memory_storage())


def text(registry):
    return weir.generate_latest(registry).decode()


def count_in_process(directory, code):
    """Runs `code` in a process of its own that counts into `directory`."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": directory}
    subprocess.run([sys.executable, "-c", "import weir\n" + code], check=True, timeout=30, env=environment)


class Custom:
    def __init__(self, metric):
        self.metric = metric

    def collect(self):
        if isinstance(self.metric, Exception):
            raise self.metric
        return [self.metric]


def custom(name, value, typ="gauge", labels=None):
    metric = weir.Metric(name, "Custom.", typ)
    metric.add_sample(name, labels or {}, value)
    return metric


def test_metrics_stand_in_the_order_they_came(registry):
    weir.Gauge("zz", "Z.", registry=registry)
    weir.Counter("aa", "A.", registry=registry)
    assert [metric.name for metric in registry.collect()] == ["zz", "aa"]


def test_a_registry_takes_python_collectors_and_prometheus_clients(registry):
    weir.Counter("native", "N.", registry=registry).inc(1, {"trace": "t"})
    registry.register(Custom(custom("mine", 7, labels={"b": "2", "a": 1})))
    other = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("stock", "S.", ["l"], registry=other).labels("x").inc(3)
    prometheus_client.Histogram("stock_h", "S.", registry=other, buckets=[1]).observe(0.5, {"id": "5"})
    registry.register(other)
    shown = weir.generate_openmetrics(registry).decode()
    assert 'mine{a="1",b="2"} 7.0\n' in shown
    assert "# TYPE stock counter\nstock_total{l=\"x\"} 3.0\n" in shown
    assert 'stock_h_bucket{le="1.0"} 1.0 # {id="5"} 0.5 ' in shown
    assert 'native_total 1.0 # {trace="t"} 1.0 ' in shown
    assert "_created" not in shown


STAMPS = (None, 0, 1, -2.5, 1520879607.7895, 1.75e9, prometheus_client.samples.Timestamp(1520879607, 789000000), None)


class Stamped:
    def __init__(self, own):
        self.own = own

    def collect(self):
        for typ, suffix in (("gauge", ""), ("counter", "_total")):
            metric = self.own(typ, "Of then.", typ)
            for place, stamp in enumerate(STAMPS):
                metric.add_sample(typ + suffix, {"place": str(place)}, place, stamp,
                                  prometheus_client.samples.Exemplar({"t": "x"}, 2, 3) if suffix and place % 2 else None)
            yield metric


@pytest.mark.parametrize("own", [weir.Metric, prometheus_client.Metric], ids=["weir", "stock"])
def test_the_timestamps_and_exemplars_of_a_collector_are_shown_as_stock_shows_them(registry, own):
    weir.Counter("before", "B.", registry=registry).inc()
    stock = prometheus_client.CollectorRegistry()
    registry.register(Stamped(own)), stock.register(Stamped(prometheus_client.Metric))

    def lines(parsed):
        return {(s.name, s.labels["place"], s.value, s.timestamp and float(s.timestamp), repr(s.exemplar))
                for metric in parsed for s in metric.samples if "place" in s.labels}
    ours = lines(prometheus_client.parser.text_string_to_metric_families(text(registry)))
    assert ours == lines(prometheus_client.parser.text_string_to_metric_families(
        prometheus_client.generate_latest(stock).decode()))
    assert ("gauge", "4", 4.0, 1520879607.789, "None") in ours
    openmetrics = [generate.decode() for generate in (
        weir.generate_openmetrics(registry), prometheus_client.openmetrics.exposition.generate_latest(stock))]
    found, expected = (lines(prometheus_client.openmetrics.parser.text_string_to_metric_families(one))
                       for one in openmetrics)
    assert found == expected and len(found) == 2 * len(STAMPS)
    assert [s.timestamp for s in registry.collect()[1].samples] == [
        stamp if stamp is None else float(stamp) for stamp in STAMPS]


def test_a_collector_that_raises_costs_itself_only_and_is_logged(registry, caplog):
    weir.Counter("kept", "K.", registry=registry).inc()
    registry.register(Custom(RuntimeError("no luck")))
    assert "kept_total 1\n" in text(registry)
    assert "no luck" in caplog.text


def test_values_are_read_anew_after_metrics_came_and_went(registry):
    first = weir.Counter("first", "F.", registry=registry)
    second = weir.Counter("second", "S.", registry=registry)
    for n in range(1, 4):
        first.inc()
        second.inc(10)
        assert f"first_total {n}\n" in text(registry)
        assert f"second_total {10 * n}\n" in text(registry)
    registry.unregister(first)
    assert "first" not in text(registry)
    registry.register(first)
    assert text(registry).index("second_total 30") < text(registry).index("first_total 3")
    with pytest.raises(weir.RegistrationError, match="registered already"):
        registry.register(first)
    registry.unregister(second)
    with pytest.raises(KeyError, match="not registered"):
        registry.unregister(second)
    with pytest.raises(TypeError, match="no collect"):
        registry.register(object())


def test_a_metric_that_is_refused_leaves_nothing_in_files(tmp_path):
    registry = weir.CollectorRegistry(storage=weir.file_storage(str(tmp_path)))
    weir.Counter("requests", "R.", registry=registry)
    for make in (weir.Gauge, weir.Summary, weir.Histogram, weir.Counter):
        with pytest.raises(weir.RegistrationError, match="Duplicated timeseries"):
            make("requests", "Again.", registry=registry)
    shown = weir.generate_latest(weir.MultiProcessCollector(None, str(tmp_path))).decode()
    assert shown == "# HELP requests_total R.\n# TYPE requests_total counter\nrequests_total 0\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_restricted_registry_shows_exactly_the_samples_of_its_names_as_prometheus_clients_does(registry):
    stock = prometheus_client.CollectorRegistry(target_info={"env": "prod"})
    registry.set_target_info({"env": "prod"})
    for client, into in ((weir, registry), (prometheus_client, stock)):
        client.Counter("a", "A.", registry=into).inc()
        client.Histogram("h", "H.", ["x"], registry=into, buckets=[1]).labels("y").observe(2)
        client.Gauge("g", "G.", registry=into).set(4)
    for names in (["a_total"], ["a"], ["h"], ["h_count", "h_sum"], ["g", "a_total", "nothing"], ["target_info"], []):
        ours, theirs = (of.restricted_registry(names) for of in (registry, stock))
        shown = {(s.name, *s.labels.items(), s.value) for metric in ours.collect() for s in metric.samples}
        assert shown == {(s.name, *s.labels.items(), s.value) for metric in theirs.collect() for s in metric.samples}
        lines = {line for line in text(ours).splitlines() if not line.startswith("#")}
        assert len(lines) == len(shown) and lines <= set(text(registry).splitlines()), names


def test_a_restricted_registry_can_be_scraped_registered_and_served(registry):
    weir.Counter("a", "A.", registry=registry).inc()
    weir.Counter("b", "B.", registry=registry).inc()
    restricted = registry.restricted_registry(["b_total"])
    only = "# HELP b_total B.\n# TYPE b_total counter\nb_total 1\n"
    assert text(restricted) == only and weir.scrape(restricted, names=["a_total"]).body == b""
    other = weir.CollectorRegistry()
    other.register(restricted)
    assert text(other) == only
    with weir.start_http_server(0, "127.0.0.1", restricted) as server:
        assert urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10).read().decode() == only


def test_a_restricted_registry_does_not_ask_collectors_of_other_names(registry):
    asked = []

    class Collector:
        def __init__(self, name, tells):
            self.name = name
            if tells:
                self.describe = lambda: [weir.Metric(name, "M.", "gauge")]

        def collect(self):
            asked.append(self.name)
            metric = weir.Metric(self.name, "M.", "gauge")
            metric.add_sample(self.name, {}, 1)
            return [metric]

    for name, tells in (("one", True), ("two", True), ("silent", False)):
        registry.register(Collector(name, tells))
    assert [metric.name for metric in registry.restricted_registry(["two"]).collect()] == ["two"]
    assert asked == ["two", "silent"]


def test_target_info_and_sample_values(registry):
    registry.set_target_info({"env": "prod"})
    assert 'target_info{env="prod"} 1\n' in text(registry)
    assert registry.get_sample_value("target_info", {"env": "prod"}) == 1
    registry.set_target_info(None)
    assert text(registry) == ""
    assert registry.get_sample_value("target_info") is None


def test_choose_encoder_follows_the_accept_header(registry):
    weir.Counter("a", "A.", registry=registry)
    encode, content_type = weir.choose_encoder("application/openmetrics-text; version=1.0.0")
    assert encode(registry).endswith(b"# EOF\n")
    assert content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    encode, content_type = weir.choose_encoder("text/html")
    assert encode(registry).startswith(b"# HELP a_total")
    assert content_type == weir.CONTENT_TYPE_PLAIN_0_0_4


@pytest.fixture
def directory(tmp_path):
    path = str(tmp_path / "m")
    count_in_process(path, "weir.Counter('c', 'C.', ['a']).labels('x').inc(2)\n"
                           "weir.Histogram('h', 'H.', buckets=[1]).observe(0.5)")
    count_in_process(path, "weir.Counter('c', 'C.', ['a']).labels('x').inc(3)")
    return path


EXPECTED = 'c_total{a="x"} 5\n'


def test_a_directory_is_scraped_alone_and_through_registries(directory, registry, monkeypatch):
    collector = weir.MultiProcessCollector(registry, directory)
    assert EXPECTED in text(registry)
    assert text(registry) == text(collector)
    shown = subprocess.run([WEIR, "show", "--dir", directory], capture_output=True, text=True, check=True, timeout=30)
    assert text(registry) == shown.stdout
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", directory)
    assert EXPECTED in text(weir.MultiProcessCollector(None))


def test_a_stock_registry_prints_what_our_collector_reads(directory):
    ours, stock = prometheus_client.CollectorRegistry(), prometheus_client.CollectorRegistry()
    weir.MultiProcessCollector(ours, directory)
    prometheus_client.multiprocess.MultiProcessCollector(stock, directory)
    assert 'c_total{a="x"} 5.0\n' in prometheus_client.generate_latest(ours).decode()
    for generate in (prometheus_client.generate_latest, prometheus_client.openmetrics.exposition.generate_latest):
        assert sorted(generate(ours).splitlines()) == sorted(generate(stock).splitlines())


def test_a_family_in_a_registry_and_a_directory_is_shown_once_as_the_directory_has_it(directory, registry, caplog):
    weir.Counter("c", "C.", ["a"], registry=registry).labels("x").inc(100)
    weir.Counter("other", "O.", registry=registry).inc()
    weir.MultiProcessCollector(registry, directory)
    assert EXPECTED in text(registry) and "c_total{a=\"x\"} 100" not in text(registry)
    assert "other_total 1\n" in text(registry)
    assert "metric c stands in the registry twice" in caplog.text


def test_a_forked_child_reads_with_a_collector_of_its_own(directory, registry):
    weir.MultiProcessCollector(registry, directory)
    assert EXPECTED in text(registry)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if EXPECTED in text(registry) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_marking_a_process_dead_takes_its_live_gauges(tmp_path):
    path = str(tmp_path / "m")
    gauge = weir.Gauge("g", "G.", multiprocess_mode="liveall",
                       registry=weir.CollectorRegistry(storage=weir.file_storage(path)))
    gauge.set(4)
    collector = weir.MultiProcessCollector(None, path)
    assert f'g{{pid="{os.getpid()}"}} 4\n' in text(collector)
    weir.mark_process_dead(os.getpid(), path)
    assert "g{" not in text(collector)
    weir.mark_process_dead(os.getpid(), path)


def test_merge_of_files_without_accumulation_keeps_buckets_as_stored(directory):
    files = [os.path.join(directory, name) for name in os.listdir(directory) if name.startswith("histogram")]
    buckets = {True: [1, 1], False: [1, 0]}
    for accumulate, expected in buckets.items():
        metric, = weir.MultiProcessCollector.merge(files, accumulate)
        assert [s.value for s in metric.samples if s.name == "h_bucket"] == expected


def test_without_a_directory_it_says_which_variable_is_missing(monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    with pytest.raises(weir.ConfigError, match="PROMETHEUS_MULTIPROC_DIR"):
        weir.MultiProcessCollector(None)


def test_a_thing_that_is_no_registry_is_refused():
    with pytest.raises(TypeError, match="no collect"):
        weir.generate_latest(3)
