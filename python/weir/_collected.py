"""From what the native module collects to metrics as Python objects, and what could not be read to the log."""
import logging
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple, overload

from weir.metrics_core import Exemplar, Metric, Sample

NativeExemplar = Tuple[dict, float, Optional[float]]
NativeSample = Tuple[str, dict, float, Optional[float], Optional[NativeExemplar]]
NativeFamily = Tuple[str, str, str, str, List[NativeSample]]
NativeProblem = Tuple[str, str]

_MOST_KNOWN = 1000


class ProblemLog:
    """Logs each problem once in a while: again only after a thousand others. Thread safety: `say` from any thread."""

    def __init__(self, logger: str) -> None:
        self._logger = logging.getLogger(logger)
        self._known: "dict[NativeProblem, None]" = {}

    def say(self, problems: Iterable[NativeProblem]) -> None:
        for problem in problems:
            if problem in self._known:
                continue
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[problem] = None
            reason, message = problem
            self._logger.warning("collect: %s (%s)", message, reason)


log_problems = ProblemLog("weir").say


class Classes(NamedTuple):
    """What metrics are made of: Weir's own classes, or those of an installed prometheus_client."""

    metric: Any
    sample: Any
    exemplar: Any


_OWN = Classes(Metric, Sample, Exemplar)


@overload
def metrics_from(families: Iterable[NativeFamily]) -> List[Metric]: ...


@overload
def metrics_from(families: Iterable[NativeFamily], classes: Classes, problems: List[NativeProblem]) -> List[Any]: ...


def metrics_from(families: Iterable[NativeFamily], classes: Classes = _OWN,
                 problems: Optional[List[NativeProblem]] = None) -> List[Any]:
    """The families of Source.collect() as metrics of `classes`. A name the class refuses, as older versions of
    prometheus_client do with some, costs that family only and is added to `problems`."""
    metrics = []
    for name, documentation, kind, unit, samples in families:
        try:
            metric = classes.metric(name, documentation, kind, unit)
        except ValueError as error:
            if problems is None:
                raise
            problems.append(("bad_name", str(error)))
            continue
        metric.samples = [
            classes.sample(sample, labels, value, timestamp, None if exemplar is None else classes.exemplar(*exemplar))
            for sample, labels, value, timestamp, exemplar in samples
        ]
        metrics.append(metric)
    return metrics
