"""What a moved value becomes: an object that passes every call on to the value that took its place.

A thread may stand in the old class's `inc` at that moment, waiting for its lock, and will then run

    self._value += amount            # and, for files: self._file.write_value(self._key, self._value)

on an object whose class has changed meanwhile. So `_value` and `_file` are properties here: what is added to the one is
counted in the new value, and what is written to the other is not needed any more.

Thread safety: that of the new value.
"""
import functools
from typing import Any, Optional

_COUNTED = object()


class _Late(float):
    """What a late `self._value` reads; `+= amount` counts in the new value."""

    _new: Any

    def __new__(cls, new: Any) -> "_Late":
        late = super().__new__(cls, new.get())
        late._new = new
        return late

    def __add__(self, amount: float) -> Any:
        self._new.inc(amount)
        return _COUNTED


class _NoFile:
    def write_value(self, *_: object) -> None:
        """The new value has written it."""


def _value(self: Any) -> _Late:
    return _Late(self._weir_value)


def _set_value(self: Any, value: Any) -> None:
    if value is not _COUNTED:
        self._weir_value.set(value)


@functools.lru_cache(maxsize=None)
def forwarder_class(stock: Any) -> Any:
    """The class of moved values that were of the class `stock`; instances have `_weir_value`."""

    class Moved(stock):  # type: ignore[misc]
        _value = property(_value, _set_value)
        _file = property(lambda self: _NoFile(), lambda self, file: None)

        def inc(self, amount: float) -> None:
            self._weir_value.inc(amount)

        def set(self, value: float, timestamp: Optional[float] = None) -> None:
            self._weir_value.set(value, timestamp)

        def get(self) -> Any:
            return self._weir_value.get()

        def set_exemplar(self, exemplar: Any) -> None:
            self._weir_value.set_exemplar(exemplar)

        def get_exemplar(self) -> Any:
            return self._weir_value.get_exemplar()

    return Moved
