"""Counter, Gauge, Histogram, Summary, Info and Enum, with prometheus_client's calls over Weir's cells.

    requests = Counter("requests", "Requests served.", ["method"])
    requests.labels("GET").inc()

Counting verbs (`inc`, `dec`, `set`, `observe`, and `labels` of a child that exists) are C calls that allocate nothing.
A labelled metric makes children; a child that was removed counts nowhere.

Values live where the environment or `weir.load_backend` says: in this process, in files of PROMETHEUS_MULTIPROC_DIR, or
in a Redis. Thread safety: all of it. Process safety: a forked child counts from zero, beside its parent; nothing is
counted twice.
"""
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, TypeVar

from weir import _weir
from weir._collected import metrics_from
from weir.context_managers import ExceptionCounter, Exceptions, InprogressTracker, Timer
from weir.metrics_core import Metric
from weir.registry import REGISTRY, CollectorRegistry

Self = TypeVar("Self", bound="_Instrument")


class _Instrument(_weir.Instrument):
    """What the six have in common beyond what is native; mixed into each."""

    __slots__ = ()

    def collect(self) -> List[Metric]:
        """This process's values of this metric (of a child: of the metric it belongs to)."""
        return metrics_from(_weir.metric_source(self).collect()[0])

    def describe(self) -> List[Metric]:
        """The metric without samples."""
        name, documentation, typ, unit, _, _ = self._description()
        return [Metric(name, documentation, typ, unit)]

    def remove_by_labels(self, labels: Dict[str, Any]) -> None:
        """Forgets every child that has these labels, among others it may have."""
        if not isinstance(labels, dict):
            raise TypeError(f"remove_by_labels() needs a dict of labels, not {type(labels).__name__}")
        names = self._description()[4]
        unknown = [name for name in labels if name not in names]
        if unknown:
            raise ValueError(f"{self!r} has no labels {unknown}; it has {list(names)}")
        wanted = [(names.index(name), str(value)) for name, value in labels.items()]
        for child in self._children() if wanted else ():
            values = child._description()[5]
            if all(values[at] == value for at, value in wanted):
                self.remove(*values)


def _open(metric: Any, name: str, documentation: str, labelnames: Iterable[str], namespace: str, subsystem: str,
          unit: str, registry: Optional[CollectorRegistry], extra: Any = None) -> None:
    """Makes `metric` one, in the registry's storage, and registers it; neither when it cannot be. A name that clashes
    leaves nothing in files: a metric without labels gets its values last."""
    if not name:
        raise ValueError("Metric name should not be empty")
    if isinstance(labelnames, str):
        raise TypeError(f"metric {name}: labelnames={labelnames!r} must be a list of names, not one text")
    storage = getattr(registry, "storage", None)
    metric._open(name, documentation, tuple(labelnames), namespace, subsystem, unit, storage, extra)
    if registry is None:
        metric._begin()
        return
    registry.register(metric)
    try:
        metric._begin()
    except BaseException:
        registry.unregister(metric)
        raise


def _no_unit(kind: str, name: str, unit: str) -> None:
    if unit:
        raise ValueError(f"{kind} {name}: it cannot have a unit, but unit={unit!r} was given")


class Counter(_weir.Counter, _Instrument):
    """Only goes up: requests served, bytes sent, errors met. Its sample ends in `_total`, whatever its name."""

    __slots__ = ()

    def __init__(self, name: str, documentation: str, labelnames: Iterable[str] = (), namespace: str = "",
                 subsystem: str = "", unit: str = "", registry: Optional[CollectorRegistry] = REGISTRY) -> None:
        _open(self, name, documentation, labelnames, namespace, subsystem, unit, registry)

    def count_exceptions(self, exception: Exceptions = Exception) -> ExceptionCounter:
        """Counts exceptions: a context manager and a decorator."""
        return ExceptionCounter(self, exception)


class Gauge(_weir.Gauge, _Instrument):
    """Goes up and down. `multiprocess_mode` says how the values of several processes become one."""

    __slots__ = ()

    def __init__(self, name: str, documentation: str, labelnames: Iterable[str] = (), namespace: str = "",
                 subsystem: str = "", unit: str = "", registry: Optional[CollectorRegistry] = REGISTRY,
                 multiprocess_mode: str = "all") -> None:
        _open(self, name, documentation, labelnames, namespace, subsystem, unit, registry, multiprocess_mode)

    def track_inprogress(self) -> InprogressTracker:
        """One more while a block or function runs: a context manager and a decorator."""
        return InprogressTracker(self)

    def time(self) -> Timer:
        """Sets the seconds a block or function took: a context manager and a decorator."""
        return Timer(self, "set")


class Histogram(_weir.Histogram, _Instrument):
    """Counts observations in buckets. `buckets` are upper bounds, ascending; `+Inf` is added where it is missing."""

    __slots__ = ()
    DEFAULT_BUCKETS: Tuple[float, ...] = (.005, .01, .025, .05, .075, .1, .25, .5, .75, 1.0, 2.5, 5.0, 7.5, 10.0,
                                          float("inf"))

    def __init__(self, name: str, documentation: str, labelnames: Iterable[str] = (), namespace: str = "",
                 subsystem: str = "", unit: str = "", registry: Optional[CollectorRegistry] = REGISTRY,
                 buckets: Sequence[float] = DEFAULT_BUCKETS) -> None:
        bounds = [float(bound) for bound in buckets]
        _open(self, name, documentation, labelnames, namespace, subsystem, unit, registry, bounds)

    def time(self) -> Timer:
        """Observes the seconds a block or function took: a context manager and a decorator."""
        return Timer(self, "observe")


class Summary(_weir.Summary, _Instrument):
    """Counts observations and adds them up: enough for an average, exact over many processes."""

    __slots__ = ()

    def __init__(self, name: str, documentation: str, labelnames: Iterable[str] = (), namespace: str = "",
                 subsystem: str = "", unit: str = "", registry: Optional[CollectorRegistry] = REGISTRY) -> None:
        _open(self, name, documentation, labelnames, namespace, subsystem, unit, registry)

    def time(self) -> Timer:
        """Observes the seconds a block or function took: a context manager and a decorator."""
        return Timer(self, "observe")


class Info(_weir.Info, _Instrument):
    """Says constant things in labels: version, revision. Its sample ends in `_info`, whatever its name."""

    __slots__ = ()

    def __init__(self, name: str, documentation: str, labelnames: Iterable[str] = (), namespace: str = "",
                 subsystem: str = "", unit: str = "", registry: Optional[CollectorRegistry] = REGISTRY) -> None:
        _no_unit("info", name, unit)
        _open(self, name, documentation, labelnames, namespace, subsystem, "", registry)


class Enum(_weir.Enum, _Instrument):
    """Is in one of `states`; in several processes, in the state of the one that spoke last."""

    __slots__ = ()

    def __init__(self, name: str, documentation: str, labelnames: Iterable[str] = (), namespace: str = "",
                 subsystem: str = "", unit: str = "", registry: Optional[CollectorRegistry] = REGISTRY,
                 states: Sequence[str] = ()) -> None:
        _no_unit("enum", name, unit)
        _open(self, name, documentation, labelnames, namespace, subsystem, "", registry, list(states))
