"""MultiProcessCollector and mark_process_dead by Weir's reader.

Readers keep parsed keys and open files between scrapes, and applications make a collector for each scrape: so the
readers are kept here, a few, by what they read.

Thread safety: every function from any thread. Process safety: reads only; a forked child may go on using it.
"""
import collections
import os
import threading
from typing import Any, Callable, Dict, Iterable, List, Optional, Union

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar, Sample

from weir import _weir
from weir._collected import Classes, NativeFamily, NativeProblem, ProblemLog, metrics_from
from weir.prometheus.value_class import ChosenStorage

_KEPT_SOURCES = 8  # directories a process scrapes, seldom more than one
_OWN_FLUSH_SECONDS = 1.0
_EMPTY = (b"", b"# EOF\n")

_lock = threading.Lock()
_sources: "collections.OrderedDict[object, _weir.Source]" = collections.OrderedDict()
_problems = ProblemLog("weir.prometheus")
_classes = Classes(Metric, Sample, Exemplar)


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # another thread of the parent may have held it


os.register_at_fork(after_in_child=_after_fork)


def _source(key: object, make: Callable[[], _weir.Source]) -> _weir.Source:
    """The source of `key`, made by `make()` at first; the least used one goes."""
    with _lock:
        source = _sources.pop(key, None) or make()
        _sources[key] = source
        while len(_sources) > _KEPT_SOURCES:
            _sources.popitem(last=False)
    return source


def _in_stock_order(samples: List[Sample]) -> List[Sample]:
    """Of a histogram's samples: for each label set first the sum, then the buckets, then the count."""
    groups: Dict[object, List[Sample]] = {}
    for sample in samples:
        labels = tuple(pair for pair in sample.labels.items() if pair[0] != "le")
        groups.setdefault(labels, []).append(sample)
    return [sample for group in groups.values() for sample in sorted(group, key=lambda s: not s.name.endswith("_sum"))]


def _metrics(families: Iterable[NativeFamily], problems: List[NativeProblem]) -> List[Metric]:
    """As prometheus_client would give them; what could not be read or named is logged."""
    metrics = metrics_from(families, _classes, problems)
    _problems.say(problems)
    for metric in metrics:
        if metric.type == "histogram":
            metric.samples = _in_stock_order(metric.samples)
    return metrics


def collector_class(stock: Any, chosen: ChosenStorage) -> Any:
    """The class that stands for prometheus_client's MultiProcessCollector, `stock`."""

    class MultiProcessCollector(stock):  # type: ignore[misc]
        """Collects what all processes counted: in a directory, or in Redis where values go there."""

        def __init__(self, registry: Any, path: Optional[str] = None) -> None:
            storage = chosen.redis() if path in (None, os.environ.get("PROMETHEUS_MULTIPROC_DIR")) else None
            if storage is None:
                super().__init__(registry, path)
                return
            self._path = None
            if registry:
                registry.register(self)

        def _source(self) -> _weir.Source:
            if self._path is not None:
                return _source(self._path, lambda: _weir.DirectorySource(self._path))
            storage = chosen.now()
            storage.flush(_OWN_FLUSH_SECONDS)  # a process that scrapes itself sees what it has just counted
            return _source(id(storage), lambda: _weir.redis_source_of(storage))

        def _check(self, is_empty: bool, problems: List[NativeProblem]) -> None:
            """An exposition of nothing would say that every series is gone."""
            if self._path is None and problems and is_empty:
                raise _weir.RedisError("; ".join(message for _, message in problems))

        def collect(self) -> List[Metric]:
            families, problems = self._source().collect()
            self._check(not families, problems)
            return _metrics(families, problems)

        def expose(self, is_openmetrics: bool, escaping: str) -> bytes:
            """The whole exposition, as bytes."""
            accept = "application/openmetrics-text; version=1.0.0" if is_openmetrics else "text/plain; version=0.0.4"
            body, _, _, problems = self._source().scrape(f"{accept}; escaping={escaping}")
            self._check(body in _EMPTY, problems)
            _problems.say(problems)
            return body

        @staticmethod
        def merge(files: Iterable[Union[str, "os.PathLike[str]"]], accumulate: bool = True) -> List[Metric]:
            """The metrics of exactly these files; see prometheus_client."""
            families, problems = _weir.merge([os.fspath(file) for file in files], accumulate)
            return _metrics(families, problems)

    return MultiProcessCollector


def make_mark_process_dead(stock: Callable[..., None], chosen: ChosenStorage) -> Callable[..., None]:
    def mark_process_dead(pid: Union[int, str], path: Union[str, "os.PathLike[str]", None] = None) -> None:
        """Removes the live* gauges of a process that has ended. In Redis its lease says so: nothing to do."""
        if path is None and chosen.redis() is not None:
            return
        _weir.mark_process_dead(str(pid), os.fspath(path) if path is not None else "")
    mark_process_dead.__wrapped__ = stock  # type: ignore[attr-defined]
    return mark_process_dead
