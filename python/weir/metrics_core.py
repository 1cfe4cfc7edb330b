"""What a scrape gives as Python objects: metrics and their samples, shaped as prometheus_client shapes them."""
from typing import Dict, Iterable, List, NamedTuple, Optional

METRIC_TYPES = ("counter", "gauge", "summary", "histogram", "gaugehistogram", "unknown", "info", "stateset")


class Exemplar(NamedTuple):
    """A trace reference: at most 128 characters of label names and values together. `timestamp` is Unix seconds."""

    labels: Dict[str, str]
    value: float
    timestamp: Optional[float] = None


class Sample(NamedTuple):
    """One line of an exposition. `timestamp` (Unix seconds) and `native_histogram` are what other collectors give;
    Weir's own metrics have none, and no exposition of Weir's shows a native histogram."""

    name: str
    labels: Dict[str, str]
    value: float
    timestamp: Optional[float] = None
    exemplar: Optional[Exemplar] = None
    native_histogram: Optional[object] = None


class Metric:
    """A metric family and its samples: what `collect()` of a custom collector yields.

    `name` is the family's: without the `_total` of a counter and the `_info` of an info; its samples have it.
    """

    def __init__(self, name: str, documentation: str, typ: str, unit: str = "") -> None:
        if unit and not name.endswith("_" + unit):
            name += "_" + unit
        if typ == "untyped":
            typ = "unknown"
        if typ not in METRIC_TYPES:
            raise ValueError(f"metric {name}: type {typ!r} is none of {', '.join(METRIC_TYPES)}")
        self.name = name
        self.documentation = documentation
        self.unit = unit
        self.type = typ
        self.samples: List[Sample] = []

    def add_sample(self, name: str, labels: Dict[str, str], value: float, timestamp: Optional[float] = None,
                   exemplar: Optional[Exemplar] = None, native_histogram: Optional[object] = None) -> None:
        """Appends a sample; `name` in full, with its suffix."""
        self.samples.append(Sample(name, labels, value, timestamp, exemplar, native_histogram))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Metric) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"Metric({self.name}, {self.documentation}, {self.type}, {self.unit}, {self.samples})"

    def _restricted_metric(self, names: Iterable[str]) -> Optional["Metric"]:
        """The same with samples of these names only; None when there are none. For prometheus_client's registries."""
        chosen = [sample for sample in self.samples if sample.name in names]
        if not chosen:
            return None
        metric = Metric(self.name, self.documentation, self.type, self.unit)
        metric.samples = chosen
        return metric
