"""The eventlet worker. A module of its own: importing it imports eventlet. Gunicorn has it up to version 25."""
from gunicorn.workers.geventlet import EventletWorker

from .plugin import PrometheusMixin


class PrometheusEventletWorker(PrometheusMixin, EventletWorker):
    """Gunicorn's eventlet worker, measured."""
