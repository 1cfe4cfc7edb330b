"""The eventlet worker. A module of its own: importing it imports eventlet. Gunicorn 23 has one, 27 no more."""
from gunicorn.workers.geventlet import EventletWorker

from .plugin import PrometheusMixin


class PrometheusEventletWorker(PrometheusMixin, EventletWorker):
    """Gunicorn's eventlet worker, measured."""
