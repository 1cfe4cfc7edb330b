"""Expositions as bytes: text 0.0.4 or OpenMetrics, made in C++ without the GIL.

What may stand for a registry, everywhere here: a CollectorRegistry, a MultiProcessCollector, or any object with a
`collect()` that gives metrics, such as a restricted registry or prometheus_client's own.
"""
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

from weir import _weir
from weir._collected import log_problems
from weir.registry import REGISTRY

CONTENT_TYPE_PLAIN_0_0_4 = "text/plain; version=0.0.4; charset=utf-8"
CONTENT_TYPE_LATEST = CONTENT_TYPE_PLAIN_0_0_4
_OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Response(NamedTuple):
    """A scrape as HTTP wants it."""

    body: bytes
    headers: List[Tuple[str, str]]


def source_of(registry: Any) -> _weir.Source:
    """What is read for `registry`."""
    source = getattr(registry, "_weir_source", None)
    if isinstance(source, _weir.Source):
        return source
    if isinstance(registry, _weir.Source):
        return registry
    if not callable(getattr(registry, "collect", None)):
        raise TypeError(f"{registry!r} is no registry: it has no collect()")
    return _weir.collector_source(registry.collect)


def scrape(registry: Any, accept: str = "", accept_encoding: str = "", names: Sequence[str] = ()) -> Response:
    """Answers a scrape with these request headers and `name[]` parameters."""
    body, content_type, encoding, problems = source_of(registry).scrape(accept, accept_encoding, list(names))
    log_problems(problems)
    headers = [("Content-Type", content_type)]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    return Response(body, headers)


def generate_latest(registry: Any = REGISTRY, escaping: Optional[str] = None) -> bytes:
    """The registry as Prometheus text 0.0.4. `escaping` says what becomes of names outside the classic rules:
    'underscores' (as without it), 'dots', 'values' or 'allow-utf-8'."""
    return scrape(registry, f"text/plain;version=1.0.0;escaping={escaping}" if escaping else "").body


def generate_openmetrics(registry: Any = REGISTRY, escaping: Optional[str] = None) -> bytes:
    """The registry as OpenMetrics 1.0, with exemplars."""
    return scrape(registry, f"{_OPENMETRICS};escaping={escaping}" if escaping else _OPENMETRICS).body


def choose_encoder(accept_header: str) -> Tuple[Callable[[Any], bytes], str]:
    """The function that makes the exposition an Accept header asks for, and its Content-Type."""
    return lambda registry: scrape(registry, accept_header).body, _weir.content_type(accept_header)
