"""From a request to label values without surprises: method and endpoint.

    GUNICORN_ENDPOINTS="/users/{id},/orders/{id}/items"    ->  /users/17 is counted as /users/{id}, /else as other

A path is never a label value itself: whoever asks for paths would decide how many series there are.
Thread safety: pure but for a cache of one list of templates.
"""
import functools
import re
from typing import Any, List, Pattern, Tuple

from .config import config

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"))


def method_of(request: Any) -> str:
    """An HTTP method; `OTHER` for one that is none, `UNKNOWN` where the request could not be read."""
    method = getattr(request, "method", None)
    return "UNKNOWN" if method is None else str(method) if method in _METHODS else "OTHER"


@functools.lru_cache(maxsize=4)
def _patterns(templates: Tuple[str, ...]) -> List[Tuple[str, Pattern[str]]]:
    parts = ((template, re.split(r"\{[^{}]*\}", template)) for template in templates)
    return [(template, re.compile("[^/]+".join(map(re.escape, pieces)))) for template, pieces in parts]


def endpoint_of(request: Any) -> str:
    """The template the path matches, `other` when none does; empty when no templates are given."""
    templates = config.gunicorn_endpoints
    if not templates:
        return ""
    path = getattr(request, "path", None) or ""
    return next((template for template, pattern in _patterns(templates) if pattern.fullmatch(path)), "other")
