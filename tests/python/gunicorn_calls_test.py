"""The callables a worker puts around Gunicorn's functions: what they count, and that they change nothing else."""
import gc
import time
import types
import weakref

import pytest
import weir
from prometheus_programs import run
from redis_programs import CURRENT
from weir import _weir


@pytest.fixture
def registry():
    return weir.CollectorRegistry(storage=weir.memory_storage())


def samples(registry):
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in weir.generate_latest(registry).decode().splitlines() if not line.startswith("#")}


def test_an_application_is_counted_whatever_it_gives_or_raises(registry):
    requests = weir.Counter("requests", "R.", registry=registry)
    called = _weir.around_application(lambda *given, **named: (given, named), requests)
    assert called({}, None, more=3) == (({}, None), {"more": 3})
    assert requests.get() == 1

    def broken():
        assert requests.get() == 1  # counted when it ends
        raise KeyError("x")
    with pytest.raises(KeyError, match="x") as raised:
        _weir.around_application(broken, requests)()
    assert requests.get() == 2 and raised.traceback[-1].name == "broken"


def test_a_removed_child_counts_nowhere_and_its_application_goes_on(registry):
    requests = weir.Counter("requests", "R.", ["w"], registry=registry)
    called = _weir.around_application(lambda: "answer", requests.labels("1"))
    requests.remove("1")
    assert called() == "answer" and not samples(registry)


class Requests:
    """A handle_request and what is measured of it."""

    def __init__(self, registry):
        self.gauge = weir.Gauge("now", "N.", registry=registry, multiprocess_mode="livesum")
        self.seconds = weir.Histogram("seconds", "S.", registry=registry)
        self.told = []

    def around(self, function, failed=None):
        return _weir.around_handle_request(function, self.gauge, self.seconds, failed or self._failed)

    def _failed(self, arguments, error):
        self.told.append((arguments, error))


def test_a_request_is_in_progress_while_it_is_handled_and_timed_afterwards(registry):
    requests = Requests(registry)

    def handle(seconds):
        assert requests.gauge.get() == 1 and samples(registry)["seconds_count"] == 0
        time.sleep(seconds)
        return seconds
    assert requests.around(handle)(0.02) == 0.02
    shown = samples(registry)
    assert requests.gauge.get() == 0 and shown["seconds_count"] == 1 and 0.02 <= shown["seconds_sum"] < 10
    assert requests.told == []


@pytest.mark.parametrize("error", [ValueError("v"), StopIteration(), SystemExit(3), KeyboardInterrupt()])
def test_what_a_request_raises_is_told_and_raised(registry, error):
    requests = Requests(registry)

    def handle(*_given):
        raise error
    with pytest.raises(type(error)) as raised:
        requests.around(handle)("listener", "request")
    assert raised.value is error and raised.traceback[-1].name == "handle"
    assert requests.told == [(("listener", "request"), error)] and requests.told[0][1].__traceback__ is not None
    assert requests.gauge.get() == 0 and samples(registry)["seconds_count"] == 1


def test_an_error_keeps_what_it_came_from(registry):
    requests = Requests(registry)

    def handle():
        try:
            raise ValueError("first")
        except ValueError:
            raise StopIteration()
    with pytest.raises(StopIteration):
        requests.around(handle)()
    assert isinstance(requests.told[0][1].__context__, ValueError)


def test_a_failure_to_tell_hides_no_error(registry, monkeypatch):
    hooked = []
    monkeypatch.setattr("sys.unraisablehook", lambda told: hooked.append(told.exc_value))

    def failed(_arguments, _error):
        raise RuntimeError("not told")

    def handle():
        raise ValueError("the request's")
    with pytest.raises(ValueError, match="the request's"):
        Requests(registry).around(handle, failed)()
    assert [str(error) for error in hooked] == ["not told"]


def test_a_sign_of_life_is_given_each_time_and_refreshes_when_it_is_time():
    given, refreshed = [], []
    notify = _weir.around_notify(lambda: given.append(1), lambda: refreshed.append(1), 0.05)
    notify()
    notify()
    assert len(given) == 2 and refreshed == []
    time.sleep(0.06)
    notify()
    notify()
    assert len(given) == 4 and len(refreshed) == 1


def test_errors_of_a_sign_of_life_and_of_its_refresh_are_raised():
    def wrong():
        raise OSError("no descriptor")
    with pytest.raises(OSError, match="no descriptor"):
        _weir.around_notify(wrong, print, 0.0)()
    with pytest.raises(OSError, match="no descriptor"):
        _weir.around_notify(lambda: None, wrong, 0.0)()


@pytest.mark.parametrize("length, counted", [("12", 12), ("0", 0), ("", None), ("-5", None), ("1_0", None), (" 7", None),
                                             ("99999999999999999999", None), (7, None), (None, None)])
def test_sizes_of_request_and_response(registry, length, counted):
    asked = weir.Histogram("asked", "A.", registry=registry)
    sent = weir.Histogram("sent", "S.", registry=registry)
    access = _weir.around_access(lambda *given: given, asked, sent)
    environ = {"PATH_INFO": "/", **({} if length is None else {"CONTENT_LENGTH": length})}
    response = types.SimpleNamespace(sent=300)
    assert access(response, "request", environ, 0.1) == (response, "request", environ, 0.1)
    shown = samples(registry)
    assert (shown["sent_count"], shown["sent_sum"]) == (1, 300)
    assert (shown["asked_count"], shown["asked_sum"]) == ((0, 0) if counted is None else (1, counted))


def test_a_response_that_tells_no_size_counts_as_empty_and_an_error_the_worker_answers_does_not(registry):
    asked = weir.Histogram("asked", "A.", registry=registry)
    sent = weir.Histogram("sent", "S.", registry=registry)
    access = _weir.around_access(lambda *_given: None, asked, sent)
    for response in (types.SimpleNamespace(sent=None), types.SimpleNamespace(sent="much"), object()):
        access(response, "request", {"PATH_INFO": "/"}, 0)
    access(types.SimpleNamespace(sent=5), "request", {}, 0)
    access(types.SimpleNamespace(sent=5))  # as no Gunicorn calls it: the logger's own business
    shown = samples(registry)
    assert (shown["sent_count"], shown["sent_sum"], shown["asked_count"]) == (3, 0, 0)


def test_a_key_that_cannot_be_compared_costs_a_measurement_alone(registry):
    class Key:
        def __hash__(self):
            return hash("PATH_INFO")

        def __eq__(self, other):
            raise RuntimeError("not comparable")
    sizes = weir.Histogram("sizes", "S.", registry=registry)
    access = _weir.around_access(lambda *given: len(given), sizes, sizes)
    assert access(object(), "request", {Key(): 1}, 0) == 4
    assert samples(registry)["sizes_count"] == 0


def test_a_backend_in_python_is_not_called_with_an_error_of_ours_set():
    run(CURRENT, """
    import weir
    from weir import _weir

    class Plain:
        def __init__(self, config, metric, histogram_bucket=None):
            self.value = 0.0
        def inc(self, amount):
            self.value += float(str(amount))
        dec = set = inc
        def get(self):
            return self.value

    weir.register_backend("Plain", Plain)
    weir.load_backend("Plain")
    asked, sent = weir.Histogram("asked", "A."), weir.Histogram("sent", "S.", buckets=[1])
    access = _weir.around_access(lambda *given: len(given), asked, sent)
    assert access(object(), "request", {"PATH_INFO": "/"}, 0) == 4     # no attribute `sent`
    assert weir.REGISTRY.get_sample_value("sent_count") == 1
    """)


def test_other_things_than_counting_instruments_are_refused(registry):
    parent = weir.Counter("labelled", "L.", ["a"], registry=registry)
    gauge = weir.Gauge("g", "G.", registry=registry)
    for wrong in (None, 3, parent, gauge):
        with pytest.raises(TypeError, match="a counter that counts is wanted, not "):
            _weir.around_application(print, wrong)
    with pytest.raises(TypeError, match="a histogram that counts is wanted, not Gauge"):
        _weir.around_access(print, gauge, gauge)


def test_a_callable_that_stands_in_a_cycle_goes(registry):
    class Worker:
        def handle(self):
            return "handled"
    worker = Worker()
    worker.handle = _weir.around_application(worker.handle, weir.Counter("c", "C.", registry=registry))
    assert worker.handle() == "handled" and worker.handle.__wrapped__() == "handled"
    gone = weakref.ref(worker)
    del worker
    gc.collect()
    assert gone() is None
