"""CollectorRegistry: which metrics and collectors a scrape shows.

A registry takes Weir's metrics, readers of many processes (MultiProcessCollector), and any object whose `collect()`
gives metrics as prometheus_client's collectors do. Metrics and readers are collected in C++, without the GIL.

Thread safety: all of it. Process safety: a forked child has the same registry; its metrics start from zero.
"""
import threading
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from weir import _weir
from weir._collected import log_problems, metrics_from
from weir.metrics_core import Metric

_SUFFIXES = {
    "counter": ("_total", "_created"),
    "summary": ("_sum", "_count", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "info": ("_info",),
}


class _Entry(NamedTuple):
    collector: Any
    handle: int
    names: List[str]


class CollectorRegistry:
    """`storage`: where metrics made for this registry keep their values (file_storage(…), memory_storage()); None
    means where the environment or load_backend says.

    auto_describe: ask collectors without describe() for their names by collecting once, so that clashes are found when
    they are registered.
    """

    def __init__(self, auto_describe: bool = False, target_info: Optional[Dict[str, str]] = None,
                 support_collectors_without_names: bool = False, *, storage: Optional[_weir.Storage] = None) -> None:
        self.storage = storage
        self._weir_source = _weir.SourceRegistry()
        self._auto_describe = auto_describe
        self._support_collectors_without_names = support_collectors_without_names  # they are always supported
        self._lock = threading.RLock()
        self._entries: Dict[int, _Entry] = {}  # by id of the collector, which the entry keeps alive
        self._names: Dict[str, Any] = {}
        self._target_info: Optional[Dict[str, str]] = None
        self._target_handle: Optional[int] = None
        self.set_target_info(target_info)

    def register(self, collector: Any) -> None:
        """Adds a metric or collector. RegistrationError when one of its names is taken; twice the same is an error."""
        names = self._names_of(collector)
        with self._lock:
            if id(collector) in self._entries:
                raise _weir.RegistrationError(f"{collector!r} is registered already")
            taken = sorted(name for name in names if name in self._names)
            if taken:
                raise _weir.RegistrationError(
                    f"Duplicated timeseries in CollectorRegistry: {taken}, of {self._names[taken[0]]!r}")
            self._entries[id(collector)] = _Entry(collector, _add(self._weir_source, collector), names)
            self._names.update(dict.fromkeys(names, collector))

    def unregister(self, collector: Any) -> None:
        """Takes it out again. KeyError when it is not there."""
        with self._lock:
            if id(collector) not in self._entries:
                raise KeyError(f"{collector!r} is not registered here")
            entry = self._entries.pop(id(collector))
            for name in entry.names:
                del self._names[name]
            self._weir_source.remove(entry.handle)

    def collect(self) -> List[Metric]:
        """Every metric with its values of now."""
        return _collect(self._weir_source)

    def get_sample_value(self, name: str, labels: Optional[Dict[str, str]] = None) -> Optional[float]:
        """The value of one sample; None when there is none. For tests."""
        for metric in self.collect():
            for sample in metric.samples:
                if sample.name == name and sample.labels == (labels or {}):
                    return sample.value
        return None

    def restricted_registry(self, names: Iterable[str]) -> "RestrictedRegistry":
        """This registry with only the samples of these names: `requests_total`, `latency_count`."""
        return RestrictedRegistry(names, self)

    def set_target_info(self, labels: Optional[Dict[str, str]]) -> None:
        """Shows `target_info` with these labels; None shows none."""
        with self._lock:
            if labels and self._target_handle is None and "target_info" in self._names:
                raise _weir.RegistrationError("CollectorRegistry already contains a target_info metric")
            if self._target_handle is not None:
                self._weir_source.remove(self._target_handle)
                self._target_handle = None
                del self._names["target_info"]
            self._target_info = dict(labels) if labels else None
            if self._target_info:
                self._target_handle = self._weir_source.add_collector(_target(self._target_info))
                self._names["target_info"] = "target_info"

    def get_target_info(self) -> Optional[Dict[str, str]]:
        return self._target_info

    def _holding(self, names: Iterable[str]) -> _weir.SourceRegistry:
        """The collectors that have one of these names, and those that do not tell theirs."""
        chosen = _weir.SourceRegistry()
        with self._lock:
            if self._target_info and "target_info" in names:
                chosen.add_collector(_target(self._target_info))
            for entry in self._entries.values():
                if not entry.names or not set(entry.names).isdisjoint(names):
                    _add(chosen, entry.collector)
        return chosen

    def _names_of(self, collector: Any) -> List[str]:
        described: Iterable[Any] = ()
        if callable(getattr(collector, "describe", None)):
            described = collector.describe()
        elif self._auto_describe and not isinstance(getattr(collector, "_weir_source", None), _weir.Source):
            described = collector.collect()
        names = []
        for metric in described:
            names.append(metric.name)
            names += [metric.name + suffix for suffix in _SUFFIXES.get(metric.type, ())]
        return names


class RestrictedRegistry:
    """Some samples of a registry, by prometheus_client's rule: exactly those of these names; collectors that say they
    have none of them are not asked. Made by CollectorRegistry.restricted_registry."""

    def __init__(self, names: Iterable[str], registry: CollectorRegistry) -> None:
        self._names = frozenset(names)
        self._registry = registry

    def collect(self) -> List[Metric]:
        metrics = (metric._restricted_metric(self._names) for metric in _collect(self._registry._holding(self._names)))
        return [metric for metric in metrics if metric is not None]


def _add(source: _weir.SourceRegistry, collector: Any) -> int:
    if isinstance(collector, _weir.Instrument):
        return source.add_metric(collector)
    own = getattr(collector, "_weir_source", None)
    if isinstance(own, _weir.Source):
        return source.add_source(own)
    if not callable(getattr(collector, "collect", None)):
        raise TypeError(f"{collector!r} cannot be registered: it has no collect()")
    return source.add_collector(collector.collect)


def _collect(source: _weir.Source) -> List[Metric]:
    families, problems = source.collect()
    log_problems(problems)
    return metrics_from(families)


def _target(labels: Dict[str, str]) -> Any:
    def target_info() -> List[Metric]:
        metric = Metric("target", "Target metadata", "info")
        metric.add_sample("target_info", labels, 1)
        return [metric]
    return target_info


REGISTRY = CollectorRegistry(auto_describe=True)
