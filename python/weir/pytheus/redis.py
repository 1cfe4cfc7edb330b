"""Values in Redis under the keys of pytheus' own Redis backend, so that both may count into one server.

pytheus asks the server at each increment; here it is an add in memory, and a thread ships what changed, every
`flush_interval`. A scrape ships first, then reads.
"""
import json
from typing import Any, Dict, List, Mapping, Optional

from weir import _weir
from weir.pytheus.cells import CellBackend
from weir.pytheus.naming import parts

_SAME = ("host", "port", "db", "username", "password", "ssl", "url", "key_prefix", "expire_key_time", "durability",
         "flush_interval", "spool_directory", "ca_file", "cert_file", "key_file")
_RENAMED = {"ssl_ca_certs": "ca_file", "ssl_certfile": "cert_file", "ssl_keyfile": "key_file"}
# Of redis-py, which Weir's client decides itself: it has 5 s time-outs, keeps and checks its connections.
_OWN_AFFAIR = ("decode_responses", "encoding", "health_check_interval", "max_connections", "retry_on_timeout",
               "socket_connect_timeout", "socket_keepalive", "socket_timeout", "client_name", "protocol")
_LAST_FLUSH = 1.0  # seconds a scrape waits for its own process's values to arrive


class MultiProcessRedisBackend(CellBackend):
    """One value for all processes.

    Settings: `host`, `port`, `db`, `username`, `password`, `ssl` and its files, `unix_socket_path` or `url`;
    `key_prefix` (`<key_prefix>-` before every key), `expire_key_time` (seconds an idle key of ended processes stays,
    3600); `flush_interval` (seconds, 1), `durability`, `spool_directory`. What they do not say comes from the
    environment. A server that does not answer is logged: values wait in memory and are shipped when it does.

    `get()` ships, then asks the server: it is the sum of all processes.
    """

    _settings: Optional[Dict[str, str]] = None
    _client: Optional[_weir.RedisClient] = None

    @classmethod
    def _initialize(cls, config: Mapping[str, Any]) -> None:
        MultiProcessRedisBackend._settings = _settings_from(config)
        MultiProcessRedisBackend._client = None
        cls._storage()

    @classmethod
    def _storage(cls) -> _weir.Storage:
        if cls._settings is None:
            cls._initialize({})
        return _weir.redis_storage(cls._settings or {})

    @classmethod
    def _spelling(cls, bound: Any) -> str:
        return str(bound)  # pytheus' keys: latency:1 and latency:2.5

    @classmethod
    def _ask(cls, commands: List[List[str]]) -> List[Any]:
        storage = cls._storage()
        storage.flush(_LAST_FLUSH)
        client = cls._client
        if client is None:
            client = MultiProcessRedisBackend._client = _weir.redis_client_of(storage)
        return client.pipeline(commands)

    @classmethod
    def _key(cls, name: str, part: Optional[str]) -> str:
        prefix = _weir.redis_key_prefix_of(cls._storage())
        return (f"{prefix}-" if prefix else "") + name + (f":{part}" if part else "")

    def get(self) -> float:
        key = self._key(self._weir_name.name, self._weir_part)
        labels = self._weir_name.labels
        value, = self._ask([["HGET", key, json.dumps(labels)] if labels else ["GET", key]])
        return float(value or 0)

    @classmethod
    def _generate_samples(cls, registry: Any) -> Dict[Any, List[Any]]:
        """For pytheus' exposition: what all processes counted, theirs and ours."""
        from pytheus.metrics import Sample
        collectors = list(registry.collect())
        wanted = [(collector, *part) for collector in collectors if hasattr(collector, "_metric")
                  for part in parts(collector)]
        replies = cls._ask([["HGETALL" if collector._required_labels else "GET", cls._key(collector.name, part)]
                            for collector, _, part, _ in wanted]) if wanted else []
        found: Dict[Any, Dict[bytes, List[Any]]] = {collector: {} for collector in collectors}
        for (collector, suffix, _, bound), reply in zip(wanted, replies):
            values = zip(reply[::2], reply[1::2]) if collector._required_labels else [(b"{}", reply or 0)]
            for field, value in values:
                labels = {**json.loads(field), **({"le": bound} if bound else {})}
                found[collector].setdefault(field, []).append(Sample(suffix, labels or None, float(value)))
        return {collector: [sample for samples in by_field.values() for sample in samples]
                for collector, by_field in found.items()}


def _settings_from(config: Mapping[str, Any]) -> Dict[str, str]:
    """Weir's settings, as text, from those of pytheus' backend, which are redis-py's."""
    settings = {}
    for name, value in config.items():
        if value is None or name in _OWN_AFFAIR:
            continue
        if name == "unix_socket_path":
            settings["url"] = f"redis+unix://{value}"
        elif name in _SAME or name in _RENAMED:
            settings[_RENAMED.get(name, name)] = str(value).lower() if isinstance(value, bool) else str(value)
        else:
            raise _weir.ConfigError(f"MultiProcessRedisBackend: the setting {name!r} is not known; known are: "
                                    f"{', '.join([*_SAME, *_RENAMED, 'unix_socket_path'])}")
    return {**settings, "layout": "shared"}
