"""Prometheus metrics for programs of many processes."""
from weir._weir import *  # noqa: F403  (errors; the rest follows)
from weir._weir import __version__  # noqa: F401
