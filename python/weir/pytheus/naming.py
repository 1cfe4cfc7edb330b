"""What a value of a pytheus metric is called, in files and in Redis."""
from typing import Any, Dict, List, NamedTuple, Optional, Tuple


class ValueName(NamedTuple):
    """`name` as pytheus exposes it, without `_total`; `labels` in the order pytheus' own backend writes them."""

    kind: str
    name: str
    labels: Dict[str, str]
    help: str


def value_name(metric: Any) -> ValueName:
    """Of the metric an object is made for: the default labels first, then those of labels()."""
    collector = metric._collector
    labels = {**(collector._default_labels or {}), **(metric._labels or {})}
    return ValueName(str(collector.type_), collector.name, labels, collector.description)


def parts(collector: Any) -> List[Tuple[str, str, Optional[str]]]:
    """What a metric's exposition is made of, in order: [(suffix of the sample, key part, `le` or None)]."""
    kind = str(collector.type_)
    if kind == "summary":
        return [("_count", "count", None), ("_sum", "sum", None)]
    if kind == "histogram":
        bounds = [str(bound) for bound in collector._metric._upper_bounds]
        return [*(("_bucket", bound, bound) for bound in bounds), ("_count", "count", None), ("_sum", "sum", None)]
    return [("", "", None)]
