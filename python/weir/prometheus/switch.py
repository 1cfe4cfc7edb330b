"""install() and uninstall(): everything of prometheus_client that is replaced, and the way back."""
import gc
import threading
from typing import Any, Optional

from weir import _weir
from weir.prometheus.references import References

_lock = threading.RLock()
_switch: "Optional[Switch]" = None


class Switch:
    """One installation: what was replaced by what. Imports prometheus_client, so it is made by install() only."""

    def __init__(self, storage: Optional[_weir.Storage]) -> None:
        from weir.prometheus.value_class import ChosenStorage, ValueClasses
        self.storage = ChosenStorage(storage)
        self.values = ValueClasses(self.storage)
        self.references = References()

    def turn_on(self) -> None:
        """Replaces names first, so that no metric made meanwhile is missed; then moves those that were there."""
        from prometheus_client import values
        from weir.prometheus.moving import move_existing
        stock = self.values.check_replaceable(values.ValueClass)
        try:
            self._replace_values(values, stock)
            if stock is not None:
                move_existing(stock, self.values.own, self.storage)
            self._replace_readers()
        except BaseException:
            self.turn_off()
            raise

    def _replace_values(self, values: Any, stock: Any) -> None:
        if stock is not None:
            self.references.replace(values.ValueClass, self.values.own, name="ValueClass")
        # Nobody holds it yet: it is what turn_off() puts where the application asked for MultiProcessValue() meanwhile.
        self.references.replace(values.MultiProcessValue(), self.values.shared, name="ValueClass")
        self.references.replace(values.MultiProcessValue, self.values.multi_process_value(values.MultiProcessValue))
        self.references.replace(values.get_value_class, self.values.get_value_class)

    def _replace_readers(self) -> None:
        from prometheus_client import exposition, multiprocess, openmetrics
        import prometheus_client.openmetrics.exposition  # noqa: F401  (so that openmetrics has it)
        from weir.prometheus.collector import collector_class, make_mark_process_dead
        from weir.prometheus.exposition import make_generate_latest
        stock = multiprocess.MultiProcessCollector
        own = collector_class(stock, self.storage)
        self.references.replace(stock, own)
        for collector in gc.get_objects():
            if type(collector) is stock:
                self.references.change_class(collector, own)
        mark_process_dead = multiprocess.mark_process_dead
        self.references.replace(mark_process_dead, make_mark_process_dead(mark_process_dead, self.storage))
        for module, is_openmetrics in ((exposition, False), (openmetrics.exposition, True)):
            generate_latest = module.generate_latest
            self.references.replace(generate_latest, make_generate_latest(generate_latest, own, is_openmetrics))

    def turn_off(self) -> None:
        self.references.restore()


def install(storage: Optional[_weir.Storage] = None) -> None:
    """Makes prometheus_client's metrics use Weir's cells, and its multiprocess collector and generate_latest Weir's
    reader.

    `storage` (weir.file_storage(…), weir.redis_storage(…)) beats the environment, which is read when the first metric
    is made. Called again, it does nothing; with another storage it raises RuntimeError. Raises RuntimeError, with
    nothing changed, when `values.ValueClass` is somebody else's or a metric that exists cannot be moved; and what
    opening the storage raises, when there are metrics to move.
    """
    global _switch
    with _lock:
        if _switch is not None:
            if storage is not None and not _switch.storage.is_for(storage):
                raise RuntimeError(f"weir.prometheus.install(storage={storage.describe()!r}): installed already for "
                                   f"{_switch.storage}; call uninstall() first")
            return
        switch = Switch(storage)
        switch.turn_on()
        _switch = switch


def uninstall() -> None:
    """Puts everything back that install() replaced. Metrics keep the cells they have, and count on in them:
    prometheus_client reads those files as its own. Does nothing when not installed."""
    global _switch
    with _lock:
        if _switch is not None:
            _switch.turn_off()
            _switch = None


def is_installed() -> bool:
    """True between install() and uninstall()."""
    return _switch is not None
