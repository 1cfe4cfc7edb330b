"""The application's own prometheus_client metrics, taken over into the storage Gunicorn's metrics live in.

WEIR_PROMETHEUS_CLIENT=0 leaves them alone; then they are in PROMETHEUS_MULTIPROC_DIR as stock prometheus_client has it,
or, with Redis, in nobody's sight.
"""
import logging
import os

logger = logging.getLogger(__name__)
_done = False


def take_over() -> None:
    """Makes prometheus_client's metrics use Weir's cells, if prometheus_client is here. Called again it does nothing.

    Must be called before the workers are forked and before the application is imported; PrometheusMaster does.
    """
    global _done
    if _done or os.environ.get("WEIR_PROMETHEUS_CLIENT", "1").lower() in ("0", "false", "no", "off"):
        return
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        return
    finally:
        _done = True
    from weir import prometheus
    try:
        prometheus.install()
    except RuntimeError as error:  # an own value class: theirs to decide
        logger.warning("prometheus_client's metrics stay as they are: %s", error)
