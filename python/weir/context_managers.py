"""Guards around a block or a function: seconds it took, whether it runs, exceptions it raised.

    with latency.time(): ...            @latency.time()            # also on `async def`: the awaiting is measured
    with in_flight.track_inprogress(): ...
    with errors.count_exceptions(OSError): ...

Thread safety: decorated functions may run in any number of threads and tasks at once; a guard used by `with` belongs to
one block at a time.
"""
import functools
import inspect
from time import perf_counter
from types import TracebackType
from typing import Any, Callable, Optional, Tuple, Type, TypeVar, Union, cast

F = TypeVar("F", bound=Callable[..., Any])
Exceptions = Union[Type[BaseException], Tuple[Type[BaseException], ...]]


def decorated(function: F, guard: Callable[[], Any]) -> F:
    """`function` inside a new guard at each call; of an `async def`, at each await."""
    if inspect.iscoroutinefunction(function):
        @functools.wraps(function)
        async def in_task(*args: Any, **kwargs: Any) -> Any:
            with guard():
                return await function(*args, **kwargs)
        return cast(F, in_task)

    @functools.wraps(function)
    def in_call(*args: Any, **kwargs: Any) -> Any:
        with guard():
            return function(*args, **kwargs)
    return cast(F, in_call)


class Timer:
    """Hands the seconds a block took to `observe`: a histogram's or summary's observe, a gauge's set."""

    def __init__(self, metric: Any, verb: str) -> None:
        self._metric = metric
        self._verb = verb
        self._start = 0.0
        self.duration: Optional[float] = None

    def __enter__(self) -> "Timer":
        self._start = perf_counter()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.duration = perf_counter() - self._start
        getattr(self._metric, self._verb)(self.duration)

    def labels(self, *values: object, **named: object) -> None:
        """Chooses the child while the block runs: `timer.labels(code=response.code)`."""
        self._metric = self._metric.labels(*values, **named)

    def __call__(self, function: F) -> F:
        return decorated(function, lambda: Timer(self._metric, self._verb))


class InprogressTracker:
    """One more while a block runs."""

    def __init__(self, gauge: Any) -> None:
        self._gauge = gauge

    def __enter__(self) -> None:
        self._gauge.inc()

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self._gauge.dec()

    def __call__(self, function: F) -> F:
        return decorated(function, lambda: self)


class ExceptionCounter:
    """Counts exceptions of these classes that leave a block; they go on their way."""

    def __init__(self, counter: Any, exception: Exceptions) -> None:
        self._counter = counter
        self._exception = exception

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if isinstance(error, self._exception):
            self._counter.inc()

    def __call__(self, function: F) -> F:
        return decorated(function, lambda: self)
