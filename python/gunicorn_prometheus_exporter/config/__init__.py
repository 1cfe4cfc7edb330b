"""Configuration by environment and by YAML file; the environment wins."""
from .loader import load_yaml_config
from .manager import ConfigManager, ConfigState, cleanup_config, get_config, initialize_config
from .settings import ExporterConfig, config

__all__ = ["ConfigManager", "ConfigState", "ExporterConfig", "cleanup_config", "config", "get_config",
           "initialize_config", "load_yaml_config"]
