"""The YAML file: what it says becomes the environment's, where the environment does not speak already.

    exporter:
      prometheus: {metrics_port: 9091, bind_address: 127.0.0.1, multiproc_dir: /run/app/metrics}
      gunicorn: {workers: 4, timeout: 30, keepalive: 2, endpoints: [/users/{id}]}
      redis: {enabled: true, host: localhost, port: 6379, db: 0, key_prefix: gunicorn, ttl_seconds: 300}
      ssl: {enabled: false}
      cleanup: {db_files: true, fold: auto}

Every section is optional. `ssl` may also stand in `prometheus`. PyYAML is asked for only here.
"""
import logging
import os
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from . import checks
from .settings import FOLDS

logger = logging.getLogger(__name__)

Spelling = Callable[[str, Any], str]  # from a key and its value to the text of a variable
Keys = Mapping[str, Tuple[Optional[str], Spelling]]


def _spelled(check: Callable[..., Any], *limits: Any) -> Spelling:
    """From a value in the file to the text of a variable, checked."""
    def spell(name: str, value: Any) -> str:
        checked = check(name, value, *limits)
        return str(checked).lower() if isinstance(checked, bool) else str(checked)
    return spell


def _endpoints(name: str, value: Any) -> str:
    if not isinstance(value, list) or not all(isinstance(part, str) and part.startswith("/") for part in value):
        raise checks.refuse(name, value, "a list of paths such as /users/{id}")
    return ",".join(value)


_flag, _text, _port = _spelled(checks.flag), _spelled(checks.text), _spelled(checks.port)
_seconds = _spelled(checks.whole_number, 0, 86400)
_SSL: Keys = {"enabled": (None, _flag),
        "certfile": ("PROMETHEUS_SSL_CERTFILE", _text), "keyfile": ("PROMETHEUS_SSL_KEYFILE", _text),
        "client_cafile": ("PROMETHEUS_SSL_CLIENT_CAFILE", _text),
        "client_capath": ("PROMETHEUS_SSL_CLIENT_CAPATH", _text),
        "client_auth_required": ("PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED", _flag)}
_SECTIONS: Dict[str, Keys] = {  # section: {key: (variable, how to spell it)}
    "prometheus": {"metrics_port": ("PROMETHEUS_METRICS_PORT", _port),
                   "bind_address": ("PROMETHEUS_BIND_ADDRESS", _spelled(checks.host)),
                   "multiproc_dir": ("PROMETHEUS_MULTIPROC_DIR", _text)},
    "gunicorn": {"workers": ("GUNICORN_WORKERS", _spelled(checks.whole_number, 1, 100000)),
                 "timeout": ("GUNICORN_TIMEOUT", _seconds), "keepalive": ("GUNICORN_KEEPALIVE", _seconds),
                 "endpoints": ("GUNICORN_ENDPOINTS", _endpoints)},
    "redis": {"enabled": ("REDIS_ENABLED", _flag), "url": ("PROMETHEUS_REDIS_URL", _text),
              "host": ("REDIS_HOST", _text), "port": ("REDIS_PORT", _port),
              "db": ("REDIS_DB", _spelled(checks.whole_number, 0, 2**31 - 1)),
              "username": ("REDIS_USERNAME", _text), "password": ("REDIS_PASSWORD", _text),
              "ssl": ("REDIS_SSL", _flag), "key_prefix": ("REDIS_KEY_PREFIX", _text),
              "ttl_seconds": ("REDIS_TTL_SECONDS", _spelled(checks.whole_number, 1, 10 * 365 * 86400)),
              "ttl_disabled": ("REDIS_TTL_DISABLED", _flag), "layout": ("WEIR_REDIS_LAYOUT", _text),
              "durability": ("WEIR_REDIS_DURABILITY", _text), "flush_interval": ("WEIR_FLUSH_INTERVAL", _text),
              "spool_dir": ("WEIR_SPOOL_DIR", _text)},
    "ssl": _SSL,
    "cleanup": {"db_files": ("CLEANUP_DB_FILES", _flag), "fold": ("WEIR_FOLD", _spelled(checks.choice, FOLDS))},
}
_QUIET_WHEN_OFF = ("redis", "ssl")  # sections whose other keys mean nothing without `enabled`


def _section(place: str, section: Any, keys: Keys) -> Dict[str, str]:
    """The variables of one section of the file."""
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise checks.refuse(place, section, "a section of keys and values")
    for key in section:
        if key not in keys:
            logger.warning("%s.%s is not known and does nothing; known are %s", place, key, ", ".join(keys))
    variables = {keys[key][0]: keys[key][1](f"{place}.{key}", value)
                 for key, value in section.items() if key in keys and value is not None and value != ""}
    name = place.rsplit(".", 1)[-1]
    if name in _QUIET_WHEN_OFF and not checks.flag(f"{place}.enabled", section.get("enabled") or False):
        return {}
    if name == "ssl":
        _check_certificate(place, variables)
    return {variable: text for variable, text in variables.items() if variable is not None}


def _check_certificate(place: str, variables: Dict[Optional[str], str]) -> None:
    """TLS that is asked for is never plain text for want of a certificate."""
    for key in ("certfile", "keyfile"):
        variable = _SSL[key][0]
        if variable not in variables and not os.environ.get(str(variable)):
            raise checks.SettingError(f"{place}.{key} is missing: with {place}.enabled it must name a file in PEM, or "
                                      f"{variable} must")


def _read(config_file_path: str) -> Dict[str, Any]:
    """The file as a dict with the section `exporter`. FileNotFoundError, or ValueError naming file and key."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError(f"{config_file_path}: reading YAML needs PyYAML (Debian: python3-yaml, PyPI: pyyaml)"
                          ) from error
    with open(config_file_path, encoding="utf-8") as file:
        try:
            data = yaml.safe_load(file)
        except yaml.YAMLError as error:
            raise ValueError(f"{config_file_path}: not YAML: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("exporter"), dict):
        raise ValueError(f"{config_file_path}: must have a section `exporter` at the top")
    return data


def _variables_of(config_data: Mapping[str, Any]) -> Dict[str, str]:
    """{variable: text} of what the file says. ValueError naming the key, its value and what would be right."""
    exporter = dict(config_data["exporter"])
    prometheus = exporter.get("prometheus")
    if isinstance(prometheus, dict) and "ssl" in prometheus:
        exporter["prometheus"] = {key: value for key, value in prometheus.items() if key != "ssl"}
        variables = _section("exporter.prometheus.ssl", prometheus["ssl"], _SSL)
    else:
        variables = {}
    for name, section in exporter.items():
        if name in _SECTIONS:
            variables.update(_section(f"exporter.{name}", section, _SECTIONS[name]))
        else:
            logger.warning("exporter.%s is not known and does nothing; known are %s", name, ", ".join(_SECTIONS))
    return variables


def load_yaml_config(config_file_path: str) -> None:
    """Takes the settings of a YAML file, as far as the environment does not say otherwise.

    Call it in gunicorn.conf.py before anything of the application is imported. Raises FileNotFoundError, ImportError
    without PyYAML, and ValueError that names the key, its value and what would be right.
    """
    for name, value in _variables_of(_read(config_file_path)).items():
        if not os.environ.get(name):
            os.environ[name] = value
