"""worker_1, worker_2, …: the place of a worker among those that live, given when the master makes it.

A pid or Gunicorn's own count of workers grows for as long as the server runs, and so would the number of series. Places
are used again: there are as many as workers ever lived at once (during a reload, twice the usual number).
Thread safety: called in the master, before it forks, by one thread.
"""
import os
import weakref
from typing import Any, Dict

_holders: "Dict[int, weakref.ref[Any]]" = {}  # place: weak reference to the worker that has it


def _is_free(place: int) -> bool:
    worker = _holders[place]() if place in _holders else None
    if worker is None:
        return True
    return isinstance(worker.pid, int) and not os.path.exists(f"/proc/{worker.pid}")  # else it is being started


def take_worker_id(worker: Any) -> str:
    """The lowest free place, for a worker that is about to be forked."""
    place = 1
    while not _is_free(place):
        place += 1
    _holders[place] = weakref.ref(worker)
    return f"worker_{place}"
