"""Choosing a backend by argument or environment."""
import importlib
import json
import os
from typing import Any, Dict, Optional

from weir import _weir

_OURS = ("SingleProcessBackend", "MultiProcessFileBackend", "MultiProcessRedisBackend")


def load_backend(backend_class: Any = None, backend_config: Optional[Dict[str, Any]] = None) -> None:
    """pytheus' load_backend(), that knows WEIR_BACKEND_CLASS too.

    `backend_class` is a class, else the environment names one: WEIR_BACKEND_CLASS (SingleProcessBackend,
    MultiProcessFileBackend, MultiProcessRedisBackend, or an import path), then PYTHEUS_BACKEND_CLASS, then memory. The
    settings likewise: `backend_config`, else the JSON file that WEIR_BACKEND_CONFIG or PYTHEUS_BACKEND_CONFIG names.

    Raises ConfigError naming the variable and what it holds; pytheus' own exceptions for pytheus' variables.
    """
    from pytheus.backends import base
    named = os.environ.get("WEIR_BACKEND_CLASS") if backend_class is None else None
    if named:
        backend_class = _class_named(named)
        path = os.environ.get("WEIR_BACKEND_CONFIG")
        if backend_config is None and path:
            backend_config = _config_in(path)
    base.load_backend(backend_class, backend_config)


def _class_named(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module or "weir.pytheus"), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise _weir.ConfigError(f"WEIR_BACKEND_CLASS={path}: {error}; must be one of {', '.join(_OURS)}, or an import "
                                f"path of a class") from error


def _config_in(path: str) -> Dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except (OSError, ValueError) as error:
        raise _weir.ConfigError(f"WEIR_BACKEND_CONFIG={path}: {error}") from error
    if not isinstance(config, dict):
        raise _weir.ConfigError(f"WEIR_BACKEND_CONFIG={path}: must hold a JSON object of settings")
    return config
