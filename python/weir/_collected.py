"""From what the native module collects to Metric objects, and what could not be read to the log."""
import logging
from typing import Iterable, List, Optional, Tuple

from weir.metrics_core import Exemplar, Metric, Sample

logger = logging.getLogger("weir")

NativeExemplar = Tuple[dict, float, Optional[float]]
NativeSample = Tuple[str, dict, float, Optional[NativeExemplar]]
NativeFamily = Tuple[str, str, str, str, List[NativeSample]]
NativeProblem = Tuple[str, str]

_MOST_KNOWN = 1000
_known: "dict[NativeProblem, None]" = {}


def log_problems(problems: Iterable[NativeProblem]) -> None:
    """Logs each problem once in a while: again only after a thousand others."""
    for problem in problems:
        if problem in _known:
            continue
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[problem] = None
        reason, message = problem
        logger.warning("collect: %s (%s)", message, reason)


def metrics_from(families: Iterable[NativeFamily]) -> List[Metric]:
    """The families of Source.collect() as Metric objects."""
    metrics = []
    for name, documentation, typ, unit, samples in families:
        metric = Metric(name, documentation, typ, unit)
        metric.samples = [
            Sample(sample, labels, value, None, None if exemplar is None else Exemplar(*exemplar))
            for sample, labels, value, exemplar in samples
        ]
        metrics.append(metric)
    return metrics
