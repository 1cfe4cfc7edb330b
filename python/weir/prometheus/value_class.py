"""The classes that stand for prometheus_client.values.ValueClass, and the storage their values go to."""
import inspect
import os
from typing import Any, Callable, Dict, Optional

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.values import MutexValue

from weir import _weir

# What prometheus_client's own readers of this version can read: before 0.18, records without time stamps.
_LAYOUT = "current" if "timestamp" in inspect.signature(MmapedDict.write_value).parameters else "0.16"
_CHOOSING = ("REDIS_ENABLED", "WEIR_BACKEND_CLASS", "PYTHEUS_BACKEND_CLASS")


def _directory() -> str:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR") or os.environ.get("prometheus_multiproc_dir") or ""


def _closure(function: Any) -> Dict[str, Any]:
    """{name: value} of what `function` closes over."""
    cells = function.__closure__ or ()
    return {name: cell.cell_contents for name, cell in zip(function.__code__.co_freevars, cells)}


class StockFiles:
    """What a class made by prometheus_client's MultiProcessValue() keeps for itself: its lock, files and values."""

    def __init__(self, value_class: Any) -> None:
        held = _closure(getattr(value_class, "_MmapedValue__check_for_pid_change"))
        self.process_identifier = held["process_identifier"]
        self.files, self.values = held["files"], held["values"]
        self.lock = _closure(value_class.inc)["lock"]


class ChosenStorage:
    """Where new values go: what install() was given, else what the environment chooses at the first value."""

    def __init__(self, given: Optional[_weir.Storage]) -> None:
        self._given = given
        self._directory: Optional[str] = None  # of the environment, when it chose

    def __str__(self) -> str:
        return self._given.describe() if self._given is not None else "the storage the environment chooses"

    def is_for(self, storage: _weir.Storage) -> bool:
        return storage is self._given

    def now(self) -> _weir.Storage:
        """The storage of a value made now.

        Files are in the layout that the installed prometheus_client reads, unless WEIR_FILE_LAYOUT says otherwise. As
        prometheus_client opens files where PROMETHEUS_MULTIPROC_DIR says at that moment, a directory set anew (test
        suites do) is followed, while a storage once chosen keeps its kind."""
        if self._given is not None:
            return self._given
        storage, directory = _weir.chosen_storage(), _directory()
        if self._directory is None:
            self._directory = directory
        if storage.backend_name != "MultiProcessFileBackend":
            return storage
        if directory in ("", self._directory):
            directory = storage.describe().partition("directory ")[2]
        return _files_in(directory, storage)

    def shared(self) -> _weir.Storage:
        """The storage of a value that MultiProcessValue() was asked for: as now(), but never this process's memory while
        PROMETHEUS_MULTIPROC_DIR names a directory, also one set after metrics were made in memory."""
        storage, directory = self.now(), _directory()
        if self._given is not None or _is_shared(storage) or not directory:
            return storage
        return _files_in(directory, storage)

    def is_shared(self) -> bool:
        """Whether other processes' readers find a value made now. Chooses nothing while the environment says nothing."""
        if self._is_open() and not _directory():
            return False
        return _is_shared(self.now())

    def redis(self) -> Optional[_weir.Storage]:
        """The Redis storage, or None where values go elsewhere. Chooses nothing while the environment says nothing."""
        if self._is_open():
            return None
        storage = self.now()
        return storage if "Redis" in storage.backend_name else None

    def _is_open(self) -> bool:
        return self._given is None and _weir.chosen_backend() is None and not any(map(os.environ.get, _CHOOSING))


def _files_in(directory: str, otherwise: _weir.Storage) -> _weir.Storage:
    try:
        return _weir.file_storage(directory, os.environ.get("WEIR_FILE_LAYOUT") or _LAYOUT)
    except _weir.StorageError:  # the directory has gone, or is no longer ours to write to
        return otherwise        # which says so, and keeps the value in memory: counting ends no request


def _is_shared(storage: _weir.Storage) -> bool:
    return storage is not _weir.memory_storage()


def _make_class(storage: Callable[[], _weir.Storage], is_shared: Callable[[], bool]) -> Any:
    """A value class whose values go to `storage()`, as it is when each is made."""

    class ValueType(type):
        @property
        def _multiprocess(cls) -> bool:
            """Applications ask the class, as prometheus_client's own have it, before they make any value."""
            return is_shared()

    class Value(_weir.Value, metaclass=ValueType):
        """A value of a metric in one of Weir's cells."""
        __slots__ = ()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, storage=storage(), **kwargs)

        @property
        def _value(self) -> float:
            """The number, by its name in prometheus_client's classes: programs and tests read `metric._value._value`."""
            return self.get()

        @_value.setter
        def _value(self, value: float) -> None:
            self.set(value)

        @classmethod
        def close_all_files(cls) -> None:
            """Brings everything to where it is shared. The files stay open: their lock says this process lives."""
            _weir.flush()

    return Value


class ValueClasses:
    """The value classes of one installation, and the functions that give them out."""

    def __init__(self, storage: ChosenStorage) -> None:
        self._storage = storage
        self.own = _make_class(storage.now, storage.is_shared)
        self.shared = _make_class(storage.shared, lambda: True)

    def check_replaceable(self, value_class: Any) -> Any:
        """The class whose values are to be moved: `value_class`, where it is prometheus_client's for this process; None
        where the application chose its identifiers itself. Raises RuntimeError when it is somebody else's."""
        if value_class is MutexValue:
            return value_class
        try:
            identifier = StockFiles(value_class).process_identifier
        except (AttributeError, KeyError, TypeError, ValueError):
            raise RuntimeError(
                f"weir.prometheus.install(): prometheus_client.values.ValueClass is "
                f"{value_class.__module__}.{value_class.__qualname__}, which is not prometheus_client's own; "
                f"whoever set it must not") from None
        return value_class if identifier is os.getpid else None

    def multi_process_value(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        def MultiProcessValue(process_identifier: Callable[[], Any] = os.getpid) -> Any:
            """The value class for an identifier of the application's: prometheus_client's own, whose files Weir reads;
            in Redis Weir's, because there identities are claimed and never clash."""
            if process_identifier is os.getpid or self._storage.redis() is not None:
                return self.shared
            return stock(process_identifier)
        return MultiProcessValue

    def get_value_class(self) -> Any:
        """The value class for this process."""
        return self.shared if _directory() else self.own
