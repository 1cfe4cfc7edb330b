"""ExporterConfig: what the environment says, read anew at each access.

    from gunicorn_prometheus_exporter.config import config
    if config.redis_enabled:
        print(config.redis_host, config.redis_port)

Settings of Redis are those Weir's C++ side read and checked, so that there is one truth; a value it cannot use raises
weir.ConfigError, a bad value of the others ValueError, each naming the variable.
Thread safety: as os.environ.
"""
import logging
import os
from typing import Any, List, Tuple

from weir import _weir

from . import checks

logger = logging.getLogger(__name__)

DEFAULT_PORT = 9091               # weir serve's
DEFAULT_ADDRESS = "127.0.0.1"
FOLDS = ("auto", "weir", "all", "off")  # weir serve's --fold
_FOR_EVER = 10 * 365 * 24 * 3600  # seconds: the longest REDIS_TTL_SECONDS there is


def _variable(name: str, default: Any = None) -> Any:
    """What a variable says; empty counts as not set."""
    return os.environ.get(name) or default


def _flag(name: str, default: bool) -> bool:
    value = _variable(name)
    return default if value is None else checks.flag(name, value)


def _redis(key: str) -> Any:
    """A property that one Redis setting is."""
    return property(lambda self: _weir.redis_settings()[key])


class ExporterConfig:
    """The exporter's settings. `is_sidecar`: this process only serves what others count."""

    PROMETHEUS_MULTIPROC_DIR = os.path.join(os.path.expanduser("~"), ".gunicorn_prometheus")

    def __init__(self, is_sidecar: bool = False) -> None:
        self._is_sidecar = is_sidecar

    is_sidecar = property(lambda self: self._is_sidecar or _flag("SIDECAR_MODE", False))

    # Files and the metrics server.

    @property
    def prometheus_multiproc_dir(self) -> str:
        """The directory of the multiprocess files: PROMETHEUS_MULTIPROC_DIR, else `.gunicorn_prometheus` at home."""
        return str(_variable("PROMETHEUS_MULTIPROC_DIR", self.PROMETHEUS_MULTIPROC_DIR))

    @property
    def prometheus_metrics_port(self) -> int:
        return checks.port("PROMETHEUS_METRICS_PORT", _variable("PROMETHEUS_METRICS_PORT", DEFAULT_PORT))

    @property
    def prometheus_bind_address(self) -> str:
        return checks.host("PROMETHEUS_BIND_ADDRESS", _variable("PROMETHEUS_BIND_ADDRESS", DEFAULT_ADDRESS))

    @property
    def listen(self) -> str:
        """HOST:PORT of the metrics server, an IPv6 address in brackets."""
        address = self.prometheus_bind_address
        return f"{f'[{address}]' if ':' in address else address}:{self.prometheus_metrics_port}"

    prometheus_ssl_certfile = property(lambda self: _variable("PROMETHEUS_SSL_CERTFILE"))
    prometheus_ssl_keyfile = property(lambda self: _variable("PROMETHEUS_SSL_KEYFILE"))
    prometheus_ssl_client_cafile = property(lambda self: _variable("PROMETHEUS_SSL_CLIENT_CAFILE"))
    prometheus_ssl_client_capath = property(lambda self: _variable("PROMETHEUS_SSL_CLIENT_CAPATH"))
    prometheus_ssl_client_auth_required = property(lambda self: _flag("PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED", False))
    prometheus_ssl_enabled = property(
        lambda self: bool(self.prometheus_ssl_certfile or self.prometheus_ssl_keyfile))

    # Gunicorn.

    @property
    def gunicorn_workers(self) -> int:
        return checks.whole_number("GUNICORN_WORKERS", _variable("GUNICORN_WORKERS", 1), 1, 100000)

    @property
    def gunicorn_timeout(self) -> int:
        return checks.whole_number("GUNICORN_TIMEOUT", _variable("GUNICORN_TIMEOUT", 30), 0, 86400)

    @property
    def gunicorn_keepalive(self) -> int:
        return checks.whole_number("GUNICORN_KEEPALIVE", _variable("GUNICORN_KEEPALIVE", 2), 0, 86400)

    @property
    def gunicorn_endpoints(self) -> Tuple[str, ...]:
        """Templates such as `/users/{id}` that paths may appear as in labels; none: no path appears."""
        return tuple(part.strip() for part in _variable("GUNICORN_ENDPOINTS", "").split(",") if part.strip())

    cleanup_db_files = property(lambda self: _flag("CLEANUP_DB_FILES", True))

    @property
    def fold(self) -> str:
        """Which files of ended workers the serving master folds: WEIR_FOLD; where it says nothing, CLEANUP_DB_FILES=false
        is `off`, else `auto`."""
        return checks.choice("WEIR_FOLD", _variable("WEIR_FOLD", "auto" if self.cleanup_db_files else "off"), FOLDS)

    # Redis.

    @property
    def redis_enabled(self) -> bool:
        return _flag("REDIS_ENABLED", False)

    @redis_enabled.setter
    def redis_enabled(self, value: bool) -> None:
        os.environ["REDIS_ENABLED"] = "true" if value else "false"

    @redis_enabled.deleter
    def redis_enabled(self) -> None:
        os.environ.pop("REDIS_ENABLED", None)

    redis_host = _redis("host")
    redis_port = _redis("port")
    redis_db = _redis("db")
    redis_username = _redis("username")
    redis_password = _redis("password")
    redis_ssl = _redis("ssl")
    redis_key_prefix = _redis("key_prefix")
    redis_ttl_seconds = _redis("ttl_seconds")
    redis_layout = _redis("layout")
    redis_durability = _redis("durability")
    redis_ttl_disabled = property(lambda self: _flag("REDIS_TTL_DISABLED", False))

    def apply_to_environment(self) -> None:
        """Says what Weir must know in the variables it reads, before the first metric exists.

        A directory for the values, unless something else keeps them; REDIS_TTL_DISABLED as the longest time there is.
        """
        if self.redis_ttl_disabled:
            os.environ["REDIS_TTL_SECONDS"] = str(_FOR_EVER)
        others = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir", "WEIR_BACKEND_CLASS", "PYTHEUS_BACKEND_CLASS")
        if self.redis_enabled or any(map(_variable, others)):
            return
        logger.warning("PROMETHEUS_MULTIPROC_DIR is not set: metrics lie in %s, with those of every other server of "
                       "this user that does not set it", self.PROMETHEUS_MULTIPROC_DIR)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self.PROMETHEUS_MULTIPROC_DIR

    def problems(self) -> List[str]:
        """What is wrong with the settings: a list of messages, each naming a variable, its value and what is right."""
        found = []
        for name in _CHECKED:
            try:
                getattr(self, name)
            except (ValueError, _weir.Error) as error:
                if str(error) not in found:
                    found.append(str(error))
        return found

    def validate(self) -> bool:
        """True when every setting can be used; else False, each problem logged."""
        found = self.problems()
        for message in found:
            logger.error("%s", message)
        return not found


_CHECKED = tuple(name for name, value in vars(ExporterConfig).items() if isinstance(value, property))

config = ExporterConfig()
