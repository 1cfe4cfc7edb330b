"""The snippets of pytheus' page on backends and multiprocessing, with the real pytheus over Weir's backends."""
import json

import pytest

from prometheus_programs import run
from redis_programs import CURRENT, redis, run_with, server  # noqa: F401  (fixtures)

PROTOCOL = """
    class InDictionary:
        values, configs = {}, []

        def __init__(self, config, metric, histogram_bucket=None):
            self.key = (metric._collector.name, histogram_bucket)
            self.values.setdefault(self.key, 0.0)

        @classmethod
        def _initialize(cls, config: "BackendConfig") -> None:
            cls.configs.append(config)

        def inc(self, value: float) -> None:
            self.values[self.key] += value

        def dec(self, value: float) -> None:
            self.values[self.key] -= value

        def set(self, value: float) -> None:
            self.values[self.key] = value

        def get(self) -> float:
            return self.values[self.key]
"""


@pytest.mark.parametrize("name", ["SingleProcessBackend", "MultiProcessFileBackend", "MultiProcessRedisBackend"])
def test_weirs_backends_follow_the_protocol(name):
    import weir.pytheus
    from pytheus.backends.base import Backend
    assert issubclass(getattr(weir.pytheus, name), Backend)


def test_a_users_own_backend_is_what_metrics_call(tmp_path):
    run(CURRENT, PROTOCOL + """
    from pytheus.backends import load_backend
    from pytheus.metrics import Counter, Gauge, Histogram
    load_backend(backend_class=InDictionary, backend_config={"colour": "red"})
    Counter("hits", "Hits.").inc(2)
    gauge = Gauge("level", "Level.")
    gauge.set(5), gauge.dec(2)
    Histogram("latency", "Latency.", buckets=[1, 2]).observe(1.5)
    assert InDictionary.configs == [{"colour": "red"}]
    assert InDictionary.values == {("hits", None): 2, ("level", None): 3, ("latency", "sum"): 1.5,
                                   ("latency", "count"): 1, ("latency", "1"): 0, ("latency", "2"): 1,
                                   ("latency", "+Inf"): 1}
    """)


def test_the_default_backend_counts_in_memory():
    printed = run(CURRENT, """
    from pytheus.metrics import Counter
    counter = Counter('cache_hit_total', 'description')
    print(counter._metric_value_backend.__class__)
    from weir.pytheus import load_backend, SingleProcessBackend
    load_backend(SingleProcessBackend)
    counter = Counter('cache_miss_total', 'description')
    print(counter._metric_value_backend.__class__)
    counter.inc(3)
    assert counter._metric_value_backend.get() == 3
    """)
    assert printed.splitlines() == ["<class 'pytheus.backends.base.SingleProcessBackend'>",
                                    "<class 'weir.pytheus.single.SingleProcessBackend'>"]


def test_loading_the_redis_backend_counts_under_pytheus_keys(redis):  # noqa: F811
    printed = run_with(redis, """
    import os
    from pytheus.backends import load_backend
    from pytheus.metrics import Counter
    from weir.pytheus import MultiProcessRedisBackend

    load_backend(
        backend_class=MultiProcessRedisBackend,
        backend_config={"host": "127.0.0.1", "port": int(os.environ["REDIS_PORT"]), "key_prefix": "serviceprefix"},
    )
    counter = Counter('cache_hit_total', 'description')
    print(counter._metric_value_backend.__class__)
    counter.inc(4)
    """)
    assert printed == "<class 'weir.pytheus.redis.MultiProcessRedisBackend'>\n"
    assert float(redis.cli("GET", "serviceprefix-cache_hit_total")) == 4  # shipped at exit


@pytest.mark.parametrize("class_variable, config_variable, load", [
    ("PYTHEUS_BACKEND_CLASS", "PYTHEUS_BACKEND_CONFIG", "import pytheus"),
    ("WEIR_BACKEND_CLASS", "WEIR_BACKEND_CONFIG", "import weir.pytheus; weir.pytheus.load_backend()"),
])
def test_the_environment_names_the_backend_and_its_settings(class_variable, config_variable, load, tmp_path):
    config = tmp_path / "backend.json"
    config.write_text(json.dumps({"directory": str(tmp_path / "metrics"), "gauge_mode": "max"}))
    printed = run(CURRENT, f"""
    {load}
    from pytheus.metrics import Counter, Gauge
    Gauge("level", "Level.").set(4)
    print(Counter("hits", "Hits.")._metric_value_backend.__class__.__name__)
    """, **{class_variable: "weir.pytheus.MultiProcessFileBackend", config_variable: str(config)})
    assert printed == "MultiProcessFileBackend\n"
    kinds = sorted(path.name.rsplit("_", 1)[0] for path in (tmp_path / "metrics").glob("*.db"))
    assert kinds == ["counter", "gauge_max"]


@pytest.mark.parametrize("name, content, message", [
    ("NoSuchBackend", None, "WEIR_BACKEND_CLASS=NoSuchBackend"),
    ("no.such.module.Backend", None, "WEIR_BACKEND_CLASS=no.such.module.Backend"),
    ("MultiProcessFileBackend", "{", "WEIR_BACKEND_CONFIG=.*backend.json: Expecting"),
    ("MultiProcessFileBackend", "[1]", "WEIR_BACKEND_CONFIG=.*backend.json: must hold a JSON object"),
    ("MultiProcessFileBackend", '{"folder": "x"}', "the setting 'folder' is not known; known are: directory"),
    ("MultiProcessRedisBackend", '{"hots": "x"}', "the setting 'hots' is not known; known are: host"),
])
def test_a_class_or_a_file_that_will_not_do_is_named(name, content, message, tmp_path, monkeypatch):
    import weir
    import weir.pytheus
    monkeypatch.setenv("WEIR_BACKEND_CLASS", name)
    if content is not None:
        (tmp_path / "backend.json").write_text(content)
        monkeypatch.setenv("WEIR_BACKEND_CONFIG", str(tmp_path / "backend.json"))
    with pytest.raises(weir.ConfigError, match=message):
        weir.pytheus.load_backend()
