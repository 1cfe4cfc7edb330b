"""The gevent worker. A module of its own: importing it imports gevent."""
from gunicorn.workers.ggevent import GeventWorker

from .plugin import PrometheusMixin


class PrometheusGeventWorker(PrometheusMixin, GeventWorker):
    """Gunicorn's gevent worker, measured."""
