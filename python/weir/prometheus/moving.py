"""Metrics that were made before install(): their values are moved into Weir's cells, and nothing they counted is lost.

- From memory: the number moves.
- From prometheus_client's file into Weir's in the same directory: counters, histograms and summaries leave their number
  in that file, which readers add to ours at every moment, and `get()` adds it too; gauges move, and their file goes, or
  there would be two.
- From a file into Redis or another directory: the number moves, and the file goes.

The old object becomes a forwarder to the new one, under the lock its own class counts with: a call that waits there,
and code that kept the object, count in the new cell.

Install before forking: a child that installs moves what it inherited in memory, and each child would count it again.
"""
import contextlib
import gc
import os
from typing import Any, Iterable, Iterator, List, Tuple

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import REGISTRY
from prometheus_client.values import MutexValue

from weir.prometheus.forwarding import forwarder_class
from weir.prometheus.value_class import ChosenStorage, StockFiles

Path = Tuple[Any, ...]  # an attribute of a metric, or an attribute and an index


def move_existing(stock: Any, own: Any, storage: ChosenStorage) -> None:
    """Moves every value of the class `stock` into one of `own`, whose values go to `storage`. All or nothing: raises
    before anything has moved."""
    if stock is MutexValue:
        _move_from_memory(own)
    else:
        _move_from_files(StockFiles(stock), stock, own, storage)


def _metrics_in(collectors: Iterable[Any]) -> Iterator[Any]:
    for collector in collectors:
        if issubclass(type(collector), MetricWrapperBase):
            yield collector
            yield from list(getattr(collector, "_metrics", {}).values())


def _existing_metrics() -> List[Any]:
    """Every metric of the process: those the garbage collector knows, and (after gc.freeze()) those registered."""
    found = {id(metric): metric for metric in _metrics_in(list(REGISTRY._collector_to_names))}
    found.update((id(metric), metric) for metric in _metrics_in(gc.get_objects()))
    return list(found.values())


def _places(metric: Any, stock: Any) -> List[Tuple[Path, Any]]:
    """Of the metric's own values of the class `stock`."""
    places: List[Tuple[Path, Any]] = []
    for name, held in vars(metric).items():
        if type(held) is stock:
            places.append(((name,), held))
        elif isinstance(held, list):
            places += [((name, i), value) for i, value in enumerate(held) if type(value) is stock]
    return places


def _at(metric: Any, path: Path) -> Any:
    held = vars(metric)[path[0]]
    return held if len(path) == 1 else held[path[1]]


def _put(metric: Any, path: Path, value: Any) -> None:
    holder = vars(metric) if len(path) == 1 else vars(metric)[path[0]]
    holder[path[-1]] = value


def _forward(old: Any, new: Any) -> None:
    vars(old)["_weir_value"] = new
    stock: Any = old.__class__
    old.__class__ = forwarder_class(stock)


# --- from memory ---


def _move_from_memory(own: Any) -> None:
    """For each metric a twin is initialized as prometheus_client would, so its values are Weir's, with the right names
    and labels; then the metric's values hand over to the twin's."""
    moves = []
    for metric in _existing_metrics():
        places = _places(metric, MutexValue)
        if not places:
            continue
        twin = object.__new__(type(metric))
        vars(twin).update(vars(metric))
        twin._metric_init()
        for path, old in places:
            new = _at(twin, path)
            if type(new) is not own:
                raise RuntimeError(f"weir.prometheus.install(): {metric!r} was made before, and its class cannot be "
                                   f"moved; install first")
            moves.append((metric, path, old, new))
    for metric, path, old, new in moves:
        with old._lock:
            if metric._type != "gauge":
                new.inc(old._value)
            elif old._value != 0:
                new.set(old._value)
            if old._exemplar is not None:
                new.set_exemplar(old._exemplar)
            _forward(old, new)
        _put(metric, path, new)


# --- from prometheus_client's files ---


def _move_from_files(held: StockFiles, stock: Any, own: Any, storage: ChosenStorage) -> None:
    if not held.values:
        return
    held.values[0].get()  # looks whether this process is a fork of the one that counted, and if so starts anew
    stays = _are_in_directory_of(storage.now(), held)
    leaving = [file._fname for kind, file in held.files.items() if kind.startswith("gauge") or not stays]
    with held.lock, _aside(leaving):
        moved = {}
        for old in held.values:
            if _identity(old) not in moved:
                moved[_identity(old)] = own(*old._params)
        for identity, old in {_identity(old): old for old in held.values}.items():
            _bring_number(old, moved[identity], stays)
        for old in held.values:
            _forward(old, moved[_identity(old)])
        for file in held.files.values():
            file.close()
        held.files.clear()
        held.values.clear()
    moved_class = forwarder_class(stock)
    for metric in _existing_metrics():
        for path, old in _places(metric, moved_class):
            _put(metric, path, old._weir_value)


def _identity(value: Any) -> Tuple[str, str, str]:
    """One for all values that share an entry of a file."""
    typ, *_, mode = value._params
    return typ, mode, value._key


def _bring_number(old: Any, new: Any, stays: bool) -> None:
    read = old._file.read_value(old._key)
    value, timestamp = read if isinstance(read, tuple) else (read, 0.0)
    if old._params[0] == "gauge":
        if value != 0 or timestamp != 0:
            new.set(value, timestamp)
    elif stays:
        new.bring(value)
    else:
        new.inc(value)


def _are_in_directory_of(storage: Any, held: StockFiles) -> bool:
    ours = storage.describe().partition("directory ")[2]
    return bool(ours) and all(os.path.samefile(os.path.dirname(os.path.abspath(file._fname)), ours)
                              for file in held.files.values())


@contextlib.contextmanager
def _aside(names: List[str]) -> Iterator[None]:
    """Takes the files out of readers' sight, for good when all goes well."""
    hidden = {name: os.path.join(os.path.dirname(name), f".moving-{os.path.basename(name)}") for name in names}
    for name, elsewhere in hidden.items():
        os.rename(name, elsewhere)
    try:
        yield
    except BaseException:
        for name, elsewhere in hidden.items():
            os.rename(elsewhere, name)
        raise
    for elsewhere in hidden.values():
        os.unlink(elsewhere)
