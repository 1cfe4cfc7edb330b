"""MultiProcessCollector and mark_process_dead by Weir's reader.

Readers keep parsed keys and open files between scrapes, and applications make a collector for each scrape: so the
readers are kept here, a few, by what they read.

Thread safety: every function from any thread. Process safety: reads only; a forked child may go on using it.
"""
import collections
import logging
import os
import threading

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar, Sample

from weir import _weir

_log = logging.getLogger("weir.prometheus")
_KEPT_SOURCES = 8      # directories a process scrapes, seldom more than one
_KEPT_PROBLEMS = 1000  # messages said once
_OWN_FLUSH_SECONDS = 1.0
_EMPTY = (b"", b"# EOF\n")

_lock = threading.Lock()
_sources = collections.OrderedDict()
_said = collections.OrderedDict()


def _after_fork():
    global _lock
    _lock = threading.Lock()  # another thread of the parent may have held it


os.register_at_fork(after_in_child=_after_fork)


def _source(key, make):
    """The source of `key`, made by `make()` at first; the least used one goes."""
    with _lock:
        source = _sources.pop(key, None) or make()
        _sources[key] = source
        while len(_sources) > _KEPT_SOURCES:
            _sources.popitem(last=False)
    return source


def _say_once(problems):
    for reason, message in problems:
        with _lock:
            is_new = (reason, message) not in _said
            _said[reason, message] = None
            while len(_said) > _KEPT_PROBLEMS:
                _said.popitem(last=False)
        if is_new:
            _log.warning("%s: %s", reason, message)


def _in_stock_order(samples):
    """Of a histogram's samples: for each label set first the sum, then the buckets, then the count."""
    groups = {}
    for sample in samples:
        labels = tuple(pair for pair in sample.labels.items() if pair[0] != "le")
        groups.setdefault(labels, []).append(sample)
    return [sample for group in groups.values() for sample in sorted(group, key=lambda s: not s.name.endswith("_sum"))]


def _metrics(families):
    for name, documentation, kind, unit, samples in families:
        try:
            metric = Metric(name, documentation, kind, unit)
        except ValueError as error:  # a name that this version of prometheus_client does not allow
            _say_once([("bad_name", str(error))])
            continue
        metric.samples = [Sample(sample, labels, value, None, Exemplar(*exemplar) if exemplar else None)
                          for sample, labels, value, exemplar in samples]
        if kind == "histogram":
            metric.samples = _in_stock_order(metric.samples)
        yield metric


def collector_class(stock, chosen):
    """The class that stands for prometheus_client's MultiProcessCollector, `stock`."""

    class MultiProcessCollector(stock):
        """Collects what all processes counted: in a directory, or in Redis where values go there."""

        def __init__(self, registry, path=None):
            storage = chosen.redis() if path in (None, os.environ.get("PROMETHEUS_MULTIPROC_DIR")) else None
            if storage is None:
                super().__init__(registry, path)
                return
            self._path = None
            if registry:
                registry.register(self)

        def _source(self):
            if self._path is not None:
                return _source(self._path, lambda: _weir.DirectorySource(self._path))
            storage = chosen.redis()
            storage.flush(_OWN_FLUSH_SECONDS)  # a process that scrapes itself sees what it has just counted
            return _source(id(storage), lambda: _weir.redis_source_of(storage))

        def _check(self, is_empty, problems):
            """Says what was left out; an exposition of nothing would say that every series is gone."""
            if self._path is None and problems and is_empty:
                raise _weir.RedisError("; ".join(message for _, message in problems))
            _say_once(problems)

        def collect(self):
            families, problems = self._source().collect()
            self._check(not families, problems)
            return list(_metrics(families))

        def expose(self, is_openmetrics, escaping):
            """The whole exposition, as bytes."""
            accept = "application/openmetrics-text; version=1.0.0" if is_openmetrics else "text/plain; version=0.0.4"
            body, _, _, problems = self._source().scrape(f"{accept}; escaping={escaping}")
            self._check(body in _EMPTY, problems)
            return body

        @staticmethod
        def merge(files, accumulate=True):
            """The metrics of exactly these files; see prometheus_client."""
            families, problems = _weir.merge([os.fspath(file) for file in files], accumulate)
            _say_once(problems)
            return list(_metrics(families))

    return MultiProcessCollector


def make_mark_process_dead(stock, chosen):
    def mark_process_dead(pid, path=None):
        """Removes the live* gauges of a process that has ended. In Redis its lease says so: nothing to do."""
        if path is None and chosen.redis() is not None:
            return
        _weir.mark_process_dead(str(pid), os.fspath(path) if path is not None else "")
    mark_process_dead.__wrapped__ = stock
    return mark_process_dead
