"""prometheus_client's own metrics over Weir's cells, and its scrapes by Weir's reader.

    import weir.prometheus
    weir.prometheus.install()

or, without a line of code, WEIR_PROMETHEUS_CLIENT=1 in the environment of an installed package. Works with
prometheus_client 0.16 and later. Where values live is chosen as everywhere in Weir: REDIS_ENABLED and its kin, else
PROMETHEUS_MULTIPROC_DIR, else memory.

What changes: `values.ValueClass` (so Counter, Gauge, Histogram and Summary count in Weir's cells),
`values.MultiProcessValue`, `values.get_value_class`, `multiprocess.MultiProcessCollector`,
`multiprocess.mark_process_dead`, and both `generate_latest`, wherever they were imported to. Everything else, also
every other collector and registry, stays prometheus_client's.

Metrics that exist already are moved with what they counted (moving.py says how). A value class set by somebody else is
refused; one made for an own `process_identifier` is left in place, and its files are read like all others.

Thread safety: every function from any thread; counting goes on while metrics move. Process safety: install before
forking; children count from zero in cells of their own. (In memory they go on with the parent's numbers, as
prometheus_client's do.)
"""
from weir.prometheus.switch import install, is_installed, uninstall

__all__ = ["install", "is_installed", "uninstall"]
