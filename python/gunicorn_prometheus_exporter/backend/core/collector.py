"""What all processes keep in one Redis, as a collector for prometheus_client's registries and Weir's."""
from typing import Any, Dict, List, Optional

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar, Sample

from gunicorn_prometheus_exporter.backend.core.connection import native_client
from gunicorn_prometheus_exporter.backend.errors import RedisConnectionError
from weir import _weir
from weir._collected import Classes, ProblemLog, metrics_from

__all__ = ["RedisMultiProcessCollector"]

_LOGGER = "gunicorn_prometheus_exporter"
_CLASSES = Classes(Metric, Sample, Exemplar)


class RedisMultiProcessCollector:
    """Collects what all processes keep in a Redis: written by Weir, or by the Python exporter itself.

    `registry` may be None: then register the collector yourself. `redis_client` is one of redis-py's or Weir's; without
    one the server is PROMETHEUS_REDIS_URL, then localhost:6379/0. An empty `redis_key_prefix` is REDIS_KEY_PREFIX, else
    `gunicorn`. `layout` is `per-process`, `shared` (pytheus') or `automatic`, both.

    What was parsed once is kept: collect with one object, many times. Thread safety: every member from any thread.
    Process safety: reads only; works on in a forked child.
    """

    def __init__(self, registry: Any, redis_client: Any = None, redis_key_prefix: Optional[str] = None,
                 layout: str = "automatic") -> None:
        client = native_client(redis_client) if redis_client is not None else None
        self._source = _weir.RedisSource(client, redis_key_prefix or "", layout)
        self._problems = ProblemLog(_LOGGER)
        if registry:
            registry.register(self)

    def collect(self) -> List[Metric]:
        """A Metric for each family. Raises RedisConnectionError when nothing could be read: an exposition of nothing
        would say that every series is gone. What could be read in part is logged once and the rest given."""
        return _read(self._source, self._problems)

    def statistics(self) -> Dict[str, float]:
        """What the last collection met: writers, values, series, commands, seconds; a dict."""
        return self._source.statistics()

    @staticmethod
    def merge_from_redis(redis_client: Any, redis_key_prefix: Optional[str] = None,
                         accumulate: bool = True) -> List[Metric]:
        """The Metrics of what a Redis holds now. With `accumulate` buckets are cumulated and `_count` is added;
        without, they stand as stored, for writing them again. Raises and logs as collect()."""
        return _read(_weir.MergedRedis(native_client(redis_client), redis_key_prefix or "", accumulate),
                     ProblemLog(_LOGGER))


def _read(source: _weir.Source, log: ProblemLog) -> List[Metric]:
    """What `source` collects, as Metrics; its problems go to `log`."""
    families, problems = source.collect()
    if problems and not families:
        raise RedisConnectionError("; ".join(message for _, message in problems))
    metrics = metrics_from(families, _CLASSES, problems)
    log.say(problems)
    return metrics
