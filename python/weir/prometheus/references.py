"""Replacing an object wherever modules hold it, and putting it back.

`from prometheus_client import generate_latest` copies the reference, so the place of its definition is not enough. Only
the names of modules are looked at: what a class or a closure holds stays.

Thread safety: the caller's lock. Process safety: in-process only.
"""
import sys
from types import ModuleType
from typing import Any, Iterator, List, Optional, Tuple


def _holders(original: object, name: Optional[str]) -> Iterator[Tuple[ModuleType, str]]:
    """Every (module, name) that holds `original`; under that name only, where one is given."""
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if type(names) is not dict or names.get("__name__", "").startswith("weir.prometheus"):
            continue
        for held_name, value in list(names.items()):
            if value is original and name in (None, held_name):
                yield module, held_name


class References:
    def __init__(self) -> None:
        self._replaced: List[Tuple[object, object, Optional[str]]] = []  # original, replacement, name or None
        self._reclassed: List[Tuple[Any, type]] = []  # object, its class before

    def replace(self, original: object, replacement: object, name: Optional[str] = None) -> None:
        self._replaced.append((original, replacement, name))
        for module, held_name in _holders(original, name):
            setattr(module, held_name, replacement)

    def change_class(self, thing: Any, replacement: type) -> None:
        self._reclassed.append((thing, type(thing)))
        thing.__class__ = replacement

    def restore(self) -> None:
        """Also where modules imported the replacement meanwhile. What somebody else put there since is left alone."""
        for original, replacement, name in reversed(self._replaced):
            for module, held_name in _holders(replacement, name):
                setattr(module, held_name, original)
        for thing, before in reversed(self._reclassed):
            thing.__class__ = before
        self._replaced.clear()
        self._reclassed.clear()
