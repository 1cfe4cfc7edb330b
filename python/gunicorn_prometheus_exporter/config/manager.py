"""initialize_config, get_config and cleanup_config: one configuration a process, checked when it is taken into use."""
import os
import threading
from enum import Enum
from typing import Any, Dict, List, Optional

from weir import _weir

from .checks import SettingError
from .loader import load_yaml_config
from .settings import ExporterConfig, config


class ConfigState(Enum):
    UNINITIALIZED = "uninitialized"
    INITIALIZED = "initialized"
    ERROR = "error"


class ConfigManager:
    """The configuration and whether it has been checked. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._state = ConfigState.UNINITIALIZED
        self._errors: List[str] = []

    state = property(lambda self: self._state)
    is_initialized = property(lambda self: self._state is ConfigState.INITIALIZED)
    validation_errors = property(lambda self: list(self._errors))

    def initialize(self, config_file: Optional[str] = None, **variables: object) -> None:
        """Takes a YAML file, then `variables` over the environment, and checks all. ValueError with every problem."""
        with self._lock:
            if self.is_initialized:
                raise RuntimeError("the configuration is initialized already; update_config() changes it")
            if config_file:
                load_yaml_config(config_file)
            self._set(variables)

    def update_config(self, **variables: object) -> None:
        """Sets variables and checks all again."""
        with self._lock:
            self._set(variables)

    def reload_config(self) -> None:
        """Checks again what the environment says now."""
        with self._lock:
            self._set({})

    def _set(self, variables: Dict[str, object]) -> None:
        for name, value in variables.items():
            if value is not None:
                os.environ[name] = str(value)
        self._errors = config.problems()
        self._state = ConfigState.ERROR if self._errors else ConfigState.INITIALIZED
        if self._errors:
            raise SettingError("; ".join(self._errors))

    def get_config(self) -> ExporterConfig:
        """The configuration, checked at its first use."""
        with self._lock:
            if not self.is_initialized:
                self._set({})
            return config

    def cleanup(self) -> None:
        """Back to the beginning; the environment stays as it is."""
        with self._lock:
            self._state, self._errors = ConfigState.UNINITIALIZED, []

    reset = cleanup

    def get_config_summary(self) -> Dict[str, Any]:
        summary: Dict[str, Any] = {"state": self._state.value, "initialized": self.is_initialized}
        if self.is_initialized:
            summary.update(validation_errors=self.validation_errors, prometheus_port=config.prometheus_metrics_port,
                           redis_enabled=config.redis_enabled, gunicorn_workers=config.gunicorn_workers)
        return summary

    def health_check(self) -> Dict[str, Any]:
        """{"healthy", "state", "errors"}: can the settings be used, and does the Redis they name answer?"""
        errors = config.problems()
        if not errors and config.redis_enabled:
            from gunicorn_prometheus_exporter.backend.service import get_redis_storage_manager
            try:
                if not get_redis_storage_manager().is_connected():
                    errors.append(f"Redis at {config.redis_host}:{config.redis_port} does not answer")
            except _weir.Error as error:
                errors.append(str(error))
        return {"healthy": not errors, "state": self._state.value, "errors": errors}


_manager = ConfigManager()


def initialize_config(config_file: Optional[str] = None, **variables: object) -> None:
    """See ConfigManager.initialize."""
    _manager.initialize(config_file, **variables)


def get_config() -> ExporterConfig:
    """The configuration, checked at its first use; ValueError names what is wrong."""
    return _manager.get_config()


def cleanup_config() -> None:
    _manager.cleanup()
