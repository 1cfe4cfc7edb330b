"""Values in a directory of prometheus_client's multiprocess files, merged at each scrape."""
import os
from typing import Any, Dict, List, Mapping, Optional, Tuple

from weir import _weir
from weir._collected import log_problems
from weir.pytheus.cells import CellBackend
from weir.pytheus.naming import parts

_Found = Dict[str, List[Tuple[Dict[str, str], float]]]  # labels and values by the sample's name
_SETTINGS = ("directory", "gauge_mode")


class MultiProcessFileBackend(CellBackend):
    """Every process writes files of its own; a scrape of any of them, or `weir serve`, shows all.

    Settings: `directory`, else PROMETHEUS_MULTIPROC_DIR; made if it is missing. `gauge_mode`, how the processes' values
    of a gauge become one: `livesum` (the default: what inc() and dec() of living processes come to), `mostrecent`
    (whoever set() last), or another of prometheus_client's modes.
    """

    _directory: Optional[str] = None
    _mode = "livesum"

    @classmethod
    def _initialize(cls, config: Mapping[str, Any]) -> None:
        unknown = sorted(set(config) - set(_SETTINGS))
        if unknown:
            raise _weir.ConfigError(f"MultiProcessFileBackend: the setting {unknown[0]!r} is not known; known are: "
                                    f"{', '.join(_SETTINGS)}")
        directory = config.get("directory") or os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if not directory:
            raise _weir.ConfigError("MultiProcessFileBackend: no directory; set PROMETHEUS_MULTIPROC_DIR or the "
                                    "setting \"directory\"")
        mode = config.get("gauge_mode", "livesum")
        if mode not in _weir.GAUGE_MODES:
            raise _weir.ConfigError(f"MultiProcessFileBackend: gauge_mode={mode!r} must be one of "
                                    f"{', '.join(_weir.GAUGE_MODES)}")
        _weir.file_storage(str(directory))  # fails here, not at the first metric
        MultiProcessFileBackend._directory = str(directory)
        MultiProcessFileBackend._mode = mode

    @classmethod
    def _storage(cls) -> _weir.Storage:
        return _weir.file_storage(cls._chosen_directory())

    @classmethod
    def _chosen_directory(cls) -> str:
        if cls._directory is None:
            cls._initialize({})
        return cls._directory or ""

    @classmethod
    def _gauge_mode(cls) -> str:
        return MultiProcessFileBackend._mode

    @classmethod
    def _generate_samples(cls, registry: Any) -> Dict[Any, List[Any]]:
        """For pytheus' exposition: what all processes counted."""
        from pytheus.metrics import Sample
        families, problems = _source(cls._chosen_directory()).collect()
        log_problems(problems)
        found: _Found = {}
        for *_, samples in families:
            for name, labels, value, *_ in samples:
                found.setdefault(name, []).append((labels, value))
        return {collector: _samples(Sample, collector, found) for collector in registry.collect()}


def _samples(sample_class: Any, collector: Any, found: _Found) -> List[Any]:
    if not hasattr(collector, "_metric"):  # a custom collector: pytheus asks it itself
        return []
    by_labels: Dict[object, List[Any]] = {}
    for suffix in dict.fromkeys(suffix for suffix, _, _ in parts(collector)):
        for labels, value in found.get(collector.name + suffix, ()):
            own = tuple(pair for pair in labels.items() if pair[0] != "le")
            by_labels.setdefault(own, []).append(sample_class(suffix, labels or None, value))
    return [sample for samples in by_labels.values() for sample in samples]


_sources: Dict[str, _weir.DirectorySource] = {}  # by directory; each keeps what it has parsed


def _source(directory: str) -> _weir.DirectorySource:
    if directory not in _sources:
        _sources[directory] = _weir.DirectorySource(directory)
    return _sources[directory]
