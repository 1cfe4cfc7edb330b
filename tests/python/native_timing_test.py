"""time(), track_inprogress(), count_exceptions(): around blocks, functions and coroutines."""
import asyncio
import inspect
import time

import pytest
import weir


@pytest.fixture
def registry():
    return weir.CollectorRegistry(storage=weir.memory_storage())


def sum_and_count(registry, name):
    return registry.get_sample_value(f"{name}_sum"), registry.get_sample_value(f"{name}_count")


def test_time_measures_blocks_and_functions(registry):
    latency = weir.Histogram("latency", "L.", registry=registry)
    size = weir.Summary("took", "T.", registry=registry)
    last = weir.Gauge("last", "L.", registry=registry)
    with latency.time() as timer:
        time.sleep(0.01)

    @latency.time()
    @size.time()
    @last.time()
    def work(a, *, b):
        """Works."""
        time.sleep(0.01)
        return a + b

    assert work(1, b=2) == 3
    assert (work.__name__, work.__doc__) == ("work", "Works.")
    total, count = sum_and_count(registry, "latency")
    assert count == 2 and total > timer.duration + 0.01 >= 0.02
    assert sum_and_count(registry, "took")[1] == 1 and last.get() >= 0.01


def test_time_observes_when_the_block_raises(registry):
    latency = weir.Histogram("latency", "L.", registry=registry)
    with pytest.raises(KeyError):
        with latency.time():
            raise KeyError
    assert sum_and_count(registry, "latency")[1] == 1


def test_the_child_may_be_chosen_while_the_block_runs(registry):
    latency = weir.Histogram("latency", "L.", ["code"], registry=registry)
    with latency.time() as timer:
        timer.labels(code=200)
    assert registry.get_sample_value("latency_count", {"code": "200"}) == 1


def test_a_recursive_function_is_timed_at_every_level(registry):
    took = weir.Summary("took", "T.", registry=registry)

    @took.time()
    def down(n):
        time.sleep(0.005)
        return n and down(n - 1)

    down(2)
    total, count = sum_and_count(registry, "took")
    assert count == 3 and total > 0.03 - 0.001  # 5 + 10 + 15 ms


def test_of_a_coroutine_the_awaiting_is_measured(registry):
    took = weir.Summary("took", "T.", registry=registry)
    running = weir.Gauge("running", "R.", registry=registry)
    errors = weir.Counter("errors", "E.", registry=registry)

    @took.time()
    @running.track_inprogress()
    @errors.count_exceptions(ValueError)
    async def work(fails):
        await asyncio.sleep(0.02)
        if fails:
            raise ValueError
        return running.get()

    assert inspect.iscoroutinefunction(work)

    async def both():
        first, second = work(False), work(True)
        assert sum_and_count(registry, "took") == (0, 0) and running.get() == 0  # made, not awaited
        return await asyncio.gather(first, second, return_exceptions=True)

    running_then, error = asyncio.run(both())
    assert running_then in (1, 2) and isinstance(error, ValueError)
    total, count = sum_and_count(registry, "took")
    assert count == 2 and total >= 0.04 - 0.001
    assert running.get() == 0 and errors.get() == 1


def test_track_inprogress_counts_down_when_the_block_raises(registry):
    running = weir.Gauge("running", "R.", registry=registry)
    with pytest.raises(OSError):
        with running.track_inprogress():
            assert running.get() == 1
            raise OSError
    assert running.get() == 0


def test_count_exceptions_counts_those_named_and_lets_them_go_on(registry):
    errors = weir.Counter("errors", "E.", registry=registry)

    @errors.count_exceptions((KeyError, OSError))
    def fails(error):
        raise error

    for error, counted in ((KeyError(), 1), (FileNotFoundError(), 2), (ValueError(), 2)):
        with pytest.raises(type(error)):
            fails(error)
        assert errors.get() == counted
    with pytest.raises(ValueError):
        with errors.count_exceptions():
            raise ValueError
    assert errors.get() == 3
    with pytest.raises(SystemExit):
        with errors.count_exceptions():
            raise SystemExit
    assert errors.get() == 3
