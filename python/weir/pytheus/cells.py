"""A pytheus value over a cell of Weir's that other processes' readers see.

pytheus makes an object a value, and of a histogram one each for sum, count and every bucket. Its observe() calls

    sum.inc(amount); bucket.inc(1) for each bucket that is not below the amount, ascending; count.inc(1)

so its buckets are cumulated, while cells hold each bucket's own number: the sum's `inc` alone counts the observation,
and the calls that follow it in the same thread are known and pass.

Thread safety: every call from any thread. Process safety: a forked child counts from zero in cells of its own.
"""
import bisect
import os
import threading
import weakref
from typing import Any, Dict, Mapping, Optional

from weir import _weir
from weir.pytheus.naming import value_name

_lock = threading.Lock()
_histograms: "weakref.WeakKeyDictionary[Any, HistogramCells]" = weakref.WeakKeyDictionary()  # by metric


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)  # a child has not the thread that may have held it


class CellBackend(_weir.Value):
    """Base of the backends of several processes, which say where values lie: `_storage()`, `_spelling(bound)` and
    `_gauge_mode()`. Its objects are counters, gauges, and the count and sum of a summary; of a histogram they are of
    the classes that __init_subclass__ makes of it and the parts below."""

    _of_histogram: "Dict[str, type]"

    def __new__(cls, config: Mapping[str, Any], metric: Any, histogram_bucket: Optional[str] = None) -> "CellBackend":
        made: Any = cls
        if str(metric._collector.type_) == "histogram":
            made = cls._of_histogram["bucket" if histogram_bucket not in ("sum", "count") else histogram_bucket]
        instance: CellBackend = super().__new__(made)
        return instance

    def __init__(self, config: Mapping[str, Any], metric: Any, histogram_bucket: Optional[str] = None) -> None:
        name = value_name(metric)
        sample = f"{name.name}_{histogram_bucket}" if histogram_bucket else name.name
        super().__init__(name.kind, name.name, sample, list(name.labels), list(name.labels.values()), name.help,
                         self._gauge_mode(), storage=self._storage())
        self._weir_name, self._weir_part = name, histogram_bucket

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not issubclass(cls, _OfHistogram):
            own = {name: vars(cls)[name] for name in ("__module__", "__doc__", "get") if name in vars(cls)}
            cls._of_histogram = {part: type(cls.__name__, (base, cls), dict(own))
                                 for part, base in _HISTOGRAM_PARTS.items()}

    def dec(self, value: float) -> None:
        self.inc(-value)

    @classmethod
    def _storage(cls) -> _weir.Storage:
        raise NotImplementedError

    @classmethod
    def _spelling(cls, bound: Any) -> str:
        """The `le` of a bucket, from the bound as pytheus has it."""
        return _weir.bucket_bound(float(bound))

    @classmethod
    def _gauge_mode(cls) -> str:
        return "all"


class HistogramCells:
    """The cells of one child of a histogram: each bucket's own number, and the sum."""

    def __init__(self, backend: "type[CellBackend]", metric: Any) -> None:
        name = value_name(metric)
        self.bounds = [float(bound) for bound in metric._upper_bounds]
        self.parts = [str(bound) for bound in metric._upper_bounds]
        storage = backend._storage()

        def cell(suffix: str, labels: Dict[str, str]) -> _weir.Value:
            return _weir.Value("histogram", name.name, name.name + suffix, list(labels), list(labels.values()),
                               name.help, storage=storage)

        # Ascending: Redis' shared layout adds each to the one before.
        self.buckets = [cell("_bucket", {**name.labels, "le": backend._spelling(bound)})
                        for bound in metric._upper_bounds]
        self.sum = cell("_sum", name.labels)
        self._thread = threading.local()  # .next: the bucket whose inc(1) belongs to the observation under way

    def observe(self, amount: float) -> None:
        """Counts it in the first bucket it does not exceed; what is no number, in +Inf."""
        last = len(self.bounds) - 1
        bucket = bisect.bisect_left(self.bounds, amount) if amount == amount else last
        self.buckets[bucket].inc(1)
        self.sum.inc(amount)
        self._thread.next = bucket if amount == amount else last + 1

    def inc_bucket(self, bucket: int, amount: float) -> None:
        if amount == 1 and getattr(self._thread, "next", None) == bucket:
            self._thread.next = bucket + 1
            return
        self.buckets[bucket].inc(amount)  # a call of its own: this bucket rises, those above stay as they are
        if bucket + 1 < len(self.buckets):
            self.buckets[bucket + 1].inc(-amount)

    def inc_count(self, amount: float) -> None:
        if amount == 1 and getattr(self._thread, "next", None) == len(self.buckets):
            self._thread.next = None
            return
        self.buckets[-1].inc(amount)

    def cumulated(self, bucket: int) -> float:
        return sum(cell.get() for cell in self.buckets[:bucket + 1])


def _histogram_cells(backend: "type[CellBackend]", metric: Any) -> HistogramCells:
    with _lock:
        cells = _histograms.get(metric)
        if cells is None:
            cells = _histograms[metric] = HistogramCells(backend, metric)
        return cells


class _OfHistogram:
    """Base of a histogram's objects: no cell of their own, a view of HistogramCells."""

    def __init__(self, config: Mapping[str, Any], metric: Any, histogram_bucket: Optional[str] = None) -> None:
        self._weir_name, self._weir_part = value_name(metric), histogram_bucket
        self._cells = _histogram_cells(type(self), metric)  # type: ignore[arg-type]  # a CellBackend, too

    def inc(self, value: float) -> None:
        raise NotImplementedError

    def get(self) -> float:
        raise NotImplementedError

    def set(self, value: float) -> None:
        self.inc(value - self.get())


class _Sum(_OfHistogram):
    def inc(self, value: float) -> None:
        self._cells.observe(value)

    def set(self, value: float) -> None:
        self._cells.sum.set(value)

    def get(self) -> float:
        return self._cells.sum.get()


class _Count(_OfHistogram):
    def inc(self, value: float) -> None:
        self._cells.inc_count(value)

    def get(self) -> float:
        return self._cells.cumulated(len(self._cells.buckets) - 1)


class _Bucket(_OfHistogram):
    def __init__(self, config: Mapping[str, Any], metric: Any, histogram_bucket: str) -> None:
        super().__init__(config, metric, histogram_bucket)
        self._bucket = self._cells.parts.index(histogram_bucket)

    def inc(self, value: float) -> None:
        self._cells.inc_bucket(self._bucket, value)

    def get(self) -> float:
        return self._cells.cumulated(self._bucket)


_HISTOGRAM_PARTS = {"sum": _Sum, "count": _Count, "bucket": _Bucket}
