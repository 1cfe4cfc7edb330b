"""Backends for pytheus, over Weir's cells.

    from pytheus.backends import load_backend
    from weir.pytheus import MultiProcessRedisBackend
    load_backend(MultiProcessRedisBackend, {"host": "127.0.0.1", "port": 6379})

or, without a line of code, PYTHEUS_BACKEND_CLASS=weir.pytheus.MultiProcessRedisBackend and PYTHEUS_BACKEND_CONFIG, the
path of a JSON file. Metrics, registries and expositions stay pytheus'; `inc` becomes an add in memory.

- SingleProcessBackend: this process's memory.
- MultiProcessFileBackend: a directory of prometheus_client's multiprocess files.
- MultiProcessRedisBackend: the keys of pytheus' own Redis backend, shipped by a thread.

Importing this imports nothing of pytheus; its release 0.6 is what the tests run.
"""
from typing import Any

from weir import _weir
from weir.pytheus.files import MultiProcessFileBackend
from weir.pytheus.loading import load_backend
from weir.pytheus.single import SingleProcessBackend

__all__ = ["MultiProcessFileBackend", "SingleProcessBackend", "load_backend"]

if _weir.redis_available():
    from weir.pytheus.redis import MultiProcessRedisBackend
    __all__.append("MultiProcessRedisBackend")


def __getattr__(name: str) -> Any:
    if name == "MultiProcessRedisBackend":
        raise AttributeError("weir.pytheus.MultiProcessRedisBackend: this build of Weir has no Redis")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
