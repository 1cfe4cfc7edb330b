"""Values in a directory of prometheus_client's multiprocess files, merged at each scrape."""
import os

from weir import _weir
from weir._collected import log_problems
from weir.pytheus.cells import CellBackend
from weir.pytheus.naming import parts

_SETTINGS = ("directory", "gauge_mode")


class MultiProcessFileBackend(CellBackend):
    """Every process writes files of its own; a scrape of any of them, or `weir serve`, shows all.

    Settings: `directory`, else PROMETHEUS_MULTIPROC_DIR; made if it is missing. `gauge_mode`, how the processes' values
    of a gauge become one: `livesum` (the default: what inc() and dec() of living processes come to), `mostrecent`
    (whoever set() last), or another of prometheus_client's modes.
    """

    _directory = None
    _mode = "livesum"

    @classmethod
    def _initialize(cls, config):
        unknown = sorted(set(config) - set(_SETTINGS))
        if unknown:
            raise _weir.ConfigError(f"MultiProcessFileBackend: the setting {unknown[0]!r} is not known; known are: "
                                    f"{', '.join(_SETTINGS)}")
        directory = config.get("directory") or os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if not directory:
            raise _weir.ConfigError("MultiProcessFileBackend: no directory; set PROMETHEUS_MULTIPROC_DIR or the "
                                    "setting \"directory\"")
        _weir.file_storage(str(directory))  # fails here, not at the first metric
        MultiProcessFileBackend._directory = str(directory)
        MultiProcessFileBackend._mode = config.get("gauge_mode", "livesum")

    @classmethod
    def _storage(cls):
        if cls._directory is None:
            cls._initialize({})
        return _weir.file_storage(cls._directory)

    @classmethod
    def _gauge_mode(cls):
        return MultiProcessFileBackend._mode

    @classmethod
    def _generate_samples(cls, registry):
        """For pytheus' exposition: what all processes counted."""
        from pytheus.metrics import Sample
        cls._storage()
        families, problems = _source(cls._directory).collect()
        log_problems(problems)
        found = {}
        for *_, samples in families:
            for name, labels, value, _ in samples:
                found.setdefault(name, []).append((labels, value))
        return {collector: _samples(Sample, collector, found) for collector in registry.collect()}


def _samples(sample_class, collector, found):
    if not hasattr(collector, "_metric"):  # a custom collector: pytheus asks it itself
        return []
    by_labels = {}
    for suffix in dict.fromkeys(suffix for suffix, _, _ in parts(collector)):
        for labels, value in found.get(collector.name + suffix, ()):
            own = tuple(pair for pair in labels.items() if pair[0] != "le")
            by_labels.setdefault(own, []).append(sample_class(suffix, labels or None, value))
    return [sample for samples in by_labels.values() for sample in samples]


_sources = {}  # directory: its reader, which keeps what it has parsed


def _source(directory):
    if directory not in _sources:
        _sources[directory] = _weir.DirectorySource(directory)
    return _sources[directory]
