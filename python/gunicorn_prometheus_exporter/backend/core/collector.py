"""What all processes keep in one Redis, as a collector for prometheus_client's registries and Weir's."""
import logging

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar, Sample

from gunicorn_prometheus_exporter.backend.core.connection import native_client
from gunicorn_prometheus_exporter.backend.errors import RedisConnectionError
from weir import _weir

__all__ = ["RedisMultiProcessCollector"]

_log = logging.getLogger("gunicorn_prometheus_exporter")


class RedisMultiProcessCollector:
    """Collects what all processes keep in a Redis: written by Weir, or by the Python exporter itself.

    `registry` may be None: then register the collector yourself. `redis_client` is one of redis-py's or Weir's; without
    one the server is PROMETHEUS_REDIS_URL, then localhost:6379/0. An empty `redis_key_prefix` is REDIS_KEY_PREFIX, else
    `gunicorn`. `layout` is `per-process`, `shared` (pytheus') or `automatic`, both.

    What was parsed once is kept: collect with one object, many times. Thread safety: every member from any thread.
    Process safety: reads only; works on in a forked child.
    """

    def __init__(self, registry, redis_client=None, redis_key_prefix=None, layout="automatic"):
        client = native_client(redis_client) if redis_client is not None else None
        self._source = _weir.RedisSource(client, redis_key_prefix or "", layout)
        self._said = set()
        if registry:
            registry.register(self)

    def collect(self):
        """A Metric for each family. Raises RedisConnectionError when nothing could be read: an exposition of nothing
        would say that every series is gone. What could be read in part is logged once and the rest given."""
        return _read(self._source, self._said)

    def statistics(self):
        """What the last collection met: writers, values, series, commands, seconds; a dict."""
        return self._source.statistics()

    def describe_source(self):
        """Where it reads, for people."""
        return self._source.describe()

    @staticmethod
    def merge_from_redis(redis_client, redis_key_prefix=None, accumulate=True):
        """The Metrics of what a Redis holds now. With `accumulate` buckets are cumulated and `_count` is added;
        without, they stand as stored, for writing them again. Raises and logs as collect()."""
        return _read(_weir.MergedRedis(native_client(redis_client), redis_key_prefix or "", accumulate), set())


def _read(source, said):
    """What `source` collects, as Metrics; of its problems those that are not in `said` are logged, and put there."""
    families, problems = source.collect()
    if problems and not families:
        raise RedisConnectionError("; ".join(message for _, message in problems))
    metrics = []
    for name, documentation, kind, unit, samples in families:
        try:
            metric = Metric(name, documentation, kind, unit)
        except ValueError as error:  # a name that this version of prometheus_client does not allow
            problems.append(("bad_name", str(error)))
            continue
        metric.samples = [Sample(sample, labels, value, None, Exemplar(*exemplar) if exemplar else None)
                          for sample, labels, value, exemplar in samples]
        metrics.append(metric)
    for problem in problems:
        if problem not in said and len(said) < 1000:
            said.add(problem)
            _log.warning("%s: %s", *problem)
    return metrics
