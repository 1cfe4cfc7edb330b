"""gunicorn_prometheus_exporter.config: the environment, the YAML file, and errors that name what is wrong."""
import os

import pytest

import weir
from gunicorn_prometheus_exporter.config import (ConfigManager, ConfigState, ExporterConfig, config, get_config,
                                                 load_yaml_config)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """An environment that says nothing, put back afterwards whatever the test sets."""
    for name in list(os.environ):
        if name.startswith(("PROMETHEUS_", "REDIS_", "GUNICORN_", "SIDECAR_", "CLEANUP_", "WEIR_")):
            monkeypatch.delenv(name)
    before = dict(os.environ)
    yield monkeypatch
    for name in set(os.environ) - set(before):
        del os.environ[name]


def yaml_file(tmp_path, text):
    path = tmp_path / "exporter.yml"
    path.write_text(text)
    return str(path)


def test_defaults_are_those_of_the_documents():
    redis = (config.redis_enabled, config.redis_host, config.redis_port, config.redis_db)
    assert redis == (False, "localhost", 6379, 0)
    assert (config.redis_key_prefix, config.redis_ttl_seconds) == ("gunicorn", 300)
    assert (config.redis_password, config.redis_ssl) == (None, False)
    assert (config.prometheus_bind_address, config.prometheus_metrics_port) == ("127.0.0.1", 9091)
    assert (config.gunicorn_workers, config.gunicorn_timeout, config.gunicorn_keepalive) == (1, 30, 2)
    assert config.prometheus_multiproc_dir == os.path.expanduser("~/.gunicorn_prometheus")
    assert config.fold == "auto"
    assert not config.is_sidecar and not config.prometheus_ssl_enabled and config.gunicorn_endpoints == ()


def test_the_environment_is_read_at_each_access(environment):
    for name, value in {"REDIS_ENABLED": "YES", "REDIS_HOST": "redis.example.com", "REDIS_PORT": "6380",
                        "REDIS_DB": "3",
                        "REDIS_KEY_PREFIX": "shop:", "REDIS_TTL_SECONDS": "600", "REDIS_PASSWORD": "secret",
                        "REDIS_SSL": "on", "PROMETHEUS_BIND_ADDRESS": "::1", "PROMETHEUS_METRICS_PORT": "9200"}.items():
        environment.setenv(name, value)
    redis = (config.redis_enabled, config.redis_host, config.redis_port, config.redis_db)
    assert redis == (True, "redis.example.com", 6380, 3)
    assert (config.redis_key_prefix, config.redis_ttl_seconds) == ("shop", 600)
    assert (config.redis_password, config.redis_ssl) == ("secret", True)
    assert config.listen == "[::1]:9200"
    environment.setenv("PROMETHEUS_REDIS_URL", "redis://other.example.com:7000/5")
    assert (config.redis_host, config.redis_port, config.redis_db) == ("other.example.com", 7000, 5)


def test_redis_enabled_can_be_set_and_deleted(environment):
    config.redis_enabled = True
    assert ExporterConfig().redis_enabled and os.environ["REDIS_ENABLED"] == "true"
    del config.redis_enabled
    assert not config.redis_enabled


@pytest.mark.parametrize("variable, value, attribute, right", [
    ("PROMETHEUS_METRICS_PORT", "99999", "prometheus_metrics_port", "a whole number from 1 to 65535"),
    ("PROMETHEUS_BIND_ADDRESS", "127.0.0.1:80", "prometheus_bind_address", "an address or host name alone"),
    ("GUNICORN_WORKERS", "none", "gunicorn_workers", "a whole number from 1 to 100000"),
    ("REDIS_PORT", "70000", "redis_port", "a whole number from 1 to 65535"),
    ("REDIS_DB", "-1", "redis_db", "a whole number from 0"),
    ("REDIS_TTL_SECONDS", "soon", "redis_ttl_seconds", "a whole number from 1"),
    ("SIDECAR_MODE", "perhaps", "is_sidecar", "true, 1, yes or on"),
    ("WEIR_FOLD", "stock", "fold", "auto, weir, all or off"),
])
def test_an_unusable_variable_is_named_with_its_value_and_what_would_be_right(environment, variable, value, attribute,
                                                                              right):
    environment.setenv(variable, value)
    with pytest.raises((ValueError, weir.ConfigError)) as error:
        getattr(config, attribute)
    assert variable in str(error.value) and value in str(error.value) and right in str(error.value)
    assert not config.validate()
    with pytest.raises(ValueError, match=variable):
        ConfigManager().get_config()


def test_no_problem_shows_a_password(environment):
    environment.setenv("REDIS_PASSWORD", "secret-42")
    environment.setenv("REDIS_PORT", "x")
    assert config.problems() and "secret-42" not in "".join(config.problems())


def test_without_a_ttl_keys_stay_the_longest_time_there_is(environment):
    environment.setenv("REDIS_TTL_DISABLED", "true")
    environment.setenv("PROMETHEUS_MULTIPROC_DIR", "/run/metrics")
    config.apply_to_environment()
    assert config.redis_ttl_seconds == 10 * 365 * 24 * 3600


def test_without_any_place_named_there_is_a_directory(environment, caplog):
    config.apply_to_environment()
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == config.prometheus_multiproc_dir
    assert "PROMETHEUS_MULTIPROC_DIR is not set" in caplog.text


YAML = """
exporter:
  prometheus: {metrics_port: 9300, bind_address: 0.0.0.0, multiproc_dir: /run/shop, ssl: {enabled: false, certfile: x}}
  gunicorn: {workers: 3, timeout: 60, keepalive: 5, endpoints: ["/users/{id}"]}
  redis: {enabled: true, host: redis1, port: 6390, db: 2, key_prefix: shop, ttl_seconds: 100, password: "",
          ttl_disabled: false}
  cleanup: {db_files: false, fold: weir}
"""


def test_a_yaml_file_speaks_where_the_environment_does_not(environment, tmp_path):
    environment.setenv("REDIS_PORT", "7000")
    load_yaml_config(yaml_file(tmp_path, YAML))
    assert config.listen == "0.0.0.0:9300" and config.prometheus_multiproc_dir == "/run/shop"
    assert (config.gunicorn_workers, config.gunicorn_timeout, config.gunicorn_keepalive) == (3, 60, 5)
    assert config.gunicorn_endpoints == ("/users/{id}",)
    assert (config.redis_enabled, config.redis_host, config.redis_port, config.redis_db) == (True, "redis1", 7000, 2)
    assert config.fold == "weir"
    assert config.redis_password is None and not config.cleanup_db_files and not config.prometheus_ssl_enabled


def test_files_that_shall_not_be_cleaned_up_are_not_folded(tmp_path):
    load_yaml_config(yaml_file(tmp_path, "exporter: {cleanup: {db_files: false}}"))
    assert config.fold == "off"
    load_yaml_config(yaml_file(tmp_path, "exporter: {cleanup: {fold: off}}"))  # which YAML reads as false
    assert os.environ["WEIR_FOLD"] == "off"


def test_a_redis_section_that_is_off_says_nothing(tmp_path):
    load_yaml_config(yaml_file(tmp_path, "exporter: {redis: {enabled: false, host: redis1}}"))
    assert not config.redis_enabled and config.redis_host == "localhost"


@pytest.mark.parametrize("place", ["exporter: {ssl: %s}", "exporter: {prometheus: {ssl: %s}}"])
def test_ssl_is_a_section_of_its_own_or_of_prometheus(tmp_path, place):
    load_yaml_config(yaml_file(tmp_path,
                               place % "{enabled: true, certfile: /c, keyfile: /k, client_auth_required: true}"))
    assert (config.prometheus_ssl_certfile, config.prometheus_ssl_keyfile) == ("/c", "/k")
    assert config.prometheus_ssl_enabled and config.prometheus_ssl_client_auth_required


@pytest.mark.parametrize("text, said", [
    ("exporter: {prometheus: {metrics_port: 0}}",
     "exporter.prometheus.metrics_port=0: must be a whole number from 1 to 65535"),
    ("exporter: {gunicorn: {workers: many}}", "exporter.gunicorn.workers='many': must be a whole number"),
    ("exporter: {redis: {enabled: maybe}}", "exporter.redis.enabled='maybe': must be true"),
    ("exporter: {cleanup: {fold: never}}", "exporter.cleanup.fold='never': must be auto, weir, all or off"),
    ("exporter: {ssl: {enabled: true}}", "exporter.ssl.certfile is missing: with exporter.ssl.enabled it must name a file"),
    ("exporter: {prometheus: {ssl: {enabled: true, certfile: /c}}}", "exporter.prometheus.ssl.keyfile is missing"),
    ("exporter: {redis: [1]}", r"exporter.redis=\[1\]: must be a section"),
    ("exporter: {gunicorn: {endpoints: /users}}", "exporter.gunicorn.endpoints='/users': must be a list"),
    ("other: {}", "must have a section `exporter`"),
    ("exporter: [", "not YAML"),
])
def test_an_unusable_file_is_refused_by_key_and_value(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        load_yaml_config(yaml_file(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.yml"):
        load_yaml_config(str(tmp_path / "nowhere.yml"))


def test_a_key_nobody_knows_is_told(tmp_path, caplog):
    load_yaml_config(yaml_file(tmp_path, "exporter: {redis: {enabled: true, hots: redis1}, reddis: {}}"))
    assert "exporter.redis.hots is not known" in caplog.text and "exporter.reddis is not known" in caplog.text


def test_the_manager_checks_once_and_can_begin_anew(environment):
    manager = ConfigManager()
    assert manager.state is ConfigState.UNINITIALIZED
    manager.initialize(PROMETHEUS_METRICS_PORT=9400)
    assert manager.is_initialized and manager.get_config().prometheus_metrics_port == 9400
    with pytest.raises(RuntimeError, match="initialized already"):
        manager.initialize()
    with pytest.raises(ValueError, match="GUNICORN_WORKERS='0'"):
        manager.update_config(GUNICORN_WORKERS=0)
    assert manager.state is ConfigState.ERROR and manager.validation_errors
    environment.delenv("GUNICORN_WORKERS", raising=False)
    manager.reload_config()
    assert manager.health_check() == {"healthy": True, "state": "initialized", "errors": []}
    manager.cleanup()
    assert manager.get_config_summary() == {"state": "uninitialized", "initialized": False}


def test_get_config_is_the_configuration():
    assert get_config() is config
