"""MultiProcessCollector and mark_process_dead by Weir's reader.

Readers keep parsed keys and open files between scrapes, and applications make a collector for each scrape: so the
readers are kept here, a few, by what they read.

Thread safety: every function from any thread. Process safety: a forked child makes readers of its own.
"""
import collections
import logging
import os
import threading

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar, Sample

from weir import _weir

_log = logging.getLogger("weir.prometheus")
_KEPT_READERS = 8      # directories a process scrapes, seldom more than one
_KEPT_PROBLEMS = 1000  # messages said once
_OWN_FLUSH_SECONDS = 1.0

_lock = threading.Lock()
_readers = collections.OrderedDict()
_said = collections.OrderedDict()


def _reader(key, make):
    """The reader of `key`, made by `make()` at first; the least used one goes."""
    key = (os.getpid(), *key)
    with _lock:
        reader = _readers.pop(key, None) or make()
        _readers[key] = reader
        while len(_readers) > _KEPT_READERS:
            _readers.popitem(last=False)
    return reader


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
    for name, kind, documentation, unit, samples in families:
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

        def _reader(self):
            if self._path is not None:
                return _reader(("directory", self._path), lambda: _weir.PrometheusReader.of_directory(self._path))
            storage = chosen.redis()
            storage.flush(_OWN_FLUSH_SECONDS)  # a process that scrapes itself sees what it has just counted
            return _reader(("redis", id(storage)), lambda: _weir.PrometheusReader.of_redis(storage))

        def _check(self, found, problems):
            """Says what was left out; an exposition of nothing would say that every series is gone."""
            if self._path is None and problems and not found:
                raise _weir.RedisError("; ".join(message for _, message in problems))
            _say_once(problems)

        def collect(self):
            families, problems = self._reader().families()
            self._check(families, problems)
            return list(_metrics(families))

        def expose(self, is_openmetrics, escaping):
            """The whole exposition, as bytes."""
            body, series, problems = self._reader().expose(is_openmetrics, escaping)
            self._check(series, problems)
            return body

        @staticmethod
        def merge(files, accumulate=True):
            """The metrics of exactly these files; see prometheus_client."""
            families, problems = _weir.PrometheusReader.merge_files([os.fspath(file) for file in files], accumulate)
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
