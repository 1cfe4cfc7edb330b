"""Reading what many processes counted into one directory.

    registry = CollectorRegistry()
    MultiProcessCollector(registry)              # or MultiProcessCollector(None, "/run/app/metrics")
    body = generate_latest(registry)

Reads files of Weir and of prometheus_client, both record layouts, even mixed, and keeps what it parsed: a warm scrape
reads values only. Thread safety: all of it. Process safety: reads only; a forked child may go on using it.
"""
from typing import Any, Iterable, List, Optional, Union

from weir import _weir
from weir._collected import log_problems, metrics_from
from weir.metrics_core import Metric


class MultiProcessCollector:
    """One directory: of `path`, else PROMETHEUS_MULTIPROC_DIR. Registers itself with `registry`, Weir's or
    prometheus_client's, unless that is None. ConfigError (a ValueError) when no directory is named; one that does not
    exist yet shows nothing.
    """

    def __init__(self, registry: Any, path: Optional[str] = None) -> None:
        self._weir_source = _weir.DirectorySource("" if path is None else str(path))
        if registry is not None:
            registry.register(self)

    def collect(self) -> List[Metric]:
        """Every metric of the directory, merged, as objects prometheus_client's expositions print."""
        families, problems = self._weir_source.collect()
        log_problems(problems)
        return metrics_from(families)

    @staticmethod
    def merge(files: Iterable[Any], accumulate: bool = True) -> List[Metric]:
        """Merges exactly these files. Without `accumulate` buckets stand as stored, for writing them to files again."""
        families, problems = _weir.merge([str(file) for file in files], accumulate)
        log_problems(problems)
        return metrics_from(families)

    def __repr__(self) -> str:
        return f"MultiProcessCollector({self._weir_source.directory!r})"


def mark_process_dead(pid: Union[int, str], path: Optional[str] = None) -> None:
    """Removes the `live*` gauges of a process that has ended; call it where workers are reaped. Calling it again is
    harmless. `path` None: PROMETHEUS_MULTIPROC_DIR."""
    _weir.mark_process_dead(str(pid), "" if path is None else str(path))
