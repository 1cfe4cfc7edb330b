"""What processes use: CPU, memory, file descriptors, start time; of one process, or of all workers together.

One process, read at each scrape, the names of prometheus_client:

    ProcessCollector(registry=registry)

Workers that share a directory or a Redis. Each worker refreshes its own values; they are merged as all metrics are:

    usage = ProcessMetrics(registry=registry)     # before or after the fork
    usage.refresh()                               # from what the worker does regularly: a request, a heartbeat
    usage.keep_fresh()                            # or, where nothing is regular, by a thread of its own

    process_cpu_seconds_total                     counter: of all workers, dead ones included; never falls
    process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds, process_max_fds
                                                  sums over the living
    process_start_time_seconds                    of the worker that has lived longest
    process_worker_…{pid}                         the same six a living worker; its cpu_seconds is a gauge, for it goes
                                                  with the worker

Why the worker refreshes and not the reader: the CPU time of a dead worker is nowhere but in what it counted itself, and
a counter must not fall. refresh() costs some 40 µs and does nothing within `interval` of the last one, so it may be
called with every request. What a worker used after its last refresh is missing when it is killed; at its normal end it
refreshes once more. Sums of resident memory count pages that workers share once for each of them.

Source: proc(5). Thread safety: all of it. Process safety: a forked child starts from zero CPU of its own.
"""
import atexit
import os
import resource
import threading
import time
import weakref
from typing import Callable, Dict, List, Optional, Union

from weir.metrics import Counter, Gauge
from weir.metrics_core import Metric
from weir.registry import REGISTRY, CollectorRegistry

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = resource.getpagesize()
_HELP = {
    "cpu_seconds": "Total user and system CPU time spent in seconds.",
    "virtual_memory_bytes": "Virtual memory size in bytes.",
    "resident_memory_bytes": "Resident memory size in bytes.",
    "start_time_seconds": "Start time of the process since unix epoch in seconds.",
    "open_fds": "Number of open file descriptors.",
    "max_fds": "Maximum number of open file descriptors.",
}
_TOTAL_MODES = {"virtual_memory_bytes": "livesum", "resident_memory_bytes": "livesum",
                "start_time_seconds": "livemin", "open_fds": "livesum", "max_fds": "livesum"}


def read_usage(pid: Union[int, str] = "self", proc: str = "/proc") -> Dict[str, float]:
    """The six values of a process, by the keys of this module's metrics. What may not be read (another user's open
    files) is missing. OSError when there is no such process."""
    folder = os.path.join(proc, str(pid))
    with open(os.path.join(folder, "stat"), "rb") as stat:
        # After the command's name, which may hold anything, come fields 3 and on of proc(5).
        fields = stat.read().rpartition(b")")[2].split()
    usage = {
        "cpu_seconds": (int(fields[11]) + int(fields[12])) / _TICKS,
        "virtual_memory_bytes": float(fields[20]),
        "resident_memory_bytes": float(int(fields[21]) * _PAGE),
        "start_time_seconds": _boot_time(proc) + int(fields[19]) / _TICKS,
    }
    try:
        usage["open_fds"] = float(len(os.listdir(os.path.join(folder, "fd"))))
        with open(os.path.join(folder, "limits"), "rb") as limits:
            for line in limits:
                if line.startswith(b"Max open file"):
                    soft = line.split()[3]
                    usage["max_fds"] = float("inf") if soft == b"unlimited" else float(soft)
    except OSError:
        pass
    return usage


def _boot_time(proc: str) -> float:
    with open(os.path.join(proc, "stat"), "rb") as stat:
        for line in stat:
            if line.startswith(b"btime "):
                return float(line.split()[1])
    return 0.0


def _prefix(namespace: str) -> str:
    return f"{namespace}_process_" if namespace else "process_"


class ProcessCollector:
    """One process, read from /proc at each scrape; shows nothing when it is gone. `pid` is called at each scrape."""

    def __init__(self, namespace: str = "", pid: Callable[[], Union[int, str]] = lambda: "self", proc: str = "/proc",
                 registry: Optional[CollectorRegistry] = REGISTRY) -> None:
        self._prefix = _prefix(namespace)
        self._pid = pid
        self._proc = proc
        if registry is not None:
            registry.register(self)

    def describe(self) -> List[Metric]:
        return [self._metric(key) for key in _HELP]

    def collect(self) -> List[Metric]:
        try:
            usage = read_usage(self._pid(), self._proc)
        except (OSError, IndexError, ValueError):  # gone, or going
            return []
        metrics = []
        for key, value in usage.items():
            metric = self._metric(key)
            metric.add_sample(metric.name + ("_total" if metric.type == "counter" else ""), {}, value)
            metrics.append(metric)
        return metrics

    def _metric(self, key: str) -> Metric:
        return Metric(self._prefix + key, _HELP[key], "counter" if key == "cpu_seconds" else "gauge")


class ProcessMetrics:
    """This process's part of what all workers use; see the module's text for the names. `interval`: seconds within
    which refresh() does nothing, after one that did."""

    def __init__(self, namespace: str = "", registry: Optional[CollectorRegistry] = REGISTRY,
                 interval: float = 1.0) -> None:
        if not interval >= 0:
            raise ValueError(f"interval={interval!r} must be 0 seconds or more")
        prefix = _prefix(namespace)
        self._cpu = Counter(prefix + "cpu_seconds", _HELP["cpu_seconds"], registry=registry)
        self._totals = {key: Gauge(prefix + key, _HELP[key], registry=registry, multiprocess_mode=mode)
                        for key, mode in _TOTAL_MODES.items()}
        self._workers = {key: Gauge(f"{prefix}worker_{key}", f"{text} Of one worker.", registry=registry,
                                    multiprocess_mode="liveall") for key, text in _HELP.items()}
        self._interval = interval
        self._lock = threading.Lock()
        self._thread: Optional[threading.Thread] = None
        self._period = 0.0
        self._counted = 0.0  # CPU seconds of this process that stand in the counter
        self._next = 0.0  # when refresh() acts again, by the monotonic clock
        _all.add(self)

    def refresh(self, force: bool = False) -> bool:
        """Reads /proc and stores the values, unless that was done within the last `interval` seconds and not `force`.
        True when it did. Never raises for what /proc does not give."""
        now = time.monotonic()
        if not force and now < self._next or not self._lock.acquire(blocking=False):
            return False
        try:
            self._next = now + self._interval
            self._store(read_usage())
        except OSError:
            return False
        finally:
            self._lock.release()
        return True

    def keep_fresh(self, period: float = 5.0) -> None:
        """Refreshes every `period` seconds by a daemon thread, in forked children too: for processes that do nothing
        regularly. It holds the GIL some 40 µs each time."""
        if not period > 0:
            raise ValueError(f"period={period!r} must be more than 0 seconds")
        self._period = period
        if self._thread is None:
            self._thread = threading.Thread(target=_refresh_for_ever, args=(weakref.ref(self), period),
                                            name="weir-process-metrics", daemon=True)
            self._thread.start()

    def _store(self, usage: Dict[str, float]) -> None:
        cpu = usage["cpu_seconds"]
        self._cpu.inc(max(0.0, cpu - self._counted))
        self._counted = max(cpu, self._counted)
        for gauges in (self._totals, self._workers):
            for key, gauge in gauges.items():
                if key in usage:
                    gauge.set(usage[key])

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._counted = self._next = 0.0
        self._thread = None
        if self._period > 0:
            self.keep_fresh(self._period)


_all: "weakref.WeakSet[ProcessMetrics]" = weakref.WeakSet()


def _refresh_for_ever(of: "weakref.ref[ProcessMetrics]", period: float) -> None:
    while True:
        metrics = of()
        if metrics is None:
            return
        metrics.refresh(force=True)
        del metrics
        time.sleep(period)


def _refresh_all() -> None:
    for metrics in list(_all):
        metrics.refresh(force=True)


def _after_fork_in_child() -> None:
    for metrics in list(_all):
        metrics._after_fork()


atexit.register(_refresh_all)
os.register_at_fork(after_in_child=_after_fork_in_child)
