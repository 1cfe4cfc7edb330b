"""A redis-py client's settings, opened anew as Weir's own client.

Weir asks Redis over connections of its own, from C++: of an object the user hands in, only the settings are used. Known
are redis.Redis (TCP, TLS, Unix socket), what a redis.sentinel.Sentinel gives, and redis.cluster.RedisCluster.

Thread safety: every function from any thread. Process safety: Weir's client opens connections of its own after fork.
"""
from __future__ import annotations  # they name classes that a build without Redis has not

import os
import threading
import weakref
from typing import Any, Dict, Tuple

from weir import _weir

_TAKEN = ("host", "port", "db", "username", "password", "socket_timeout", "socket_connect_timeout",
          "health_check_interval")
_TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_NOT_HAD = ("ssl_ca_path", "ssl_ca_data")

_lock = threading.Lock()
_made: "weakref.WeakKeyDictionary[Any, _weir.RedisClient]" = weakref.WeakKeyDictionary()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)  # a child has not the thread that may have held it


def native_client(client: Any) -> _weir.RedisClient:
    """Weir's client for `client`: one of Weir's as it is, one of redis-py's by its settings, and the same each time.

    Raises ValueError without a client, TypeError for an object whose settings cannot be told, ConfigError for settings
    Weir does not have. Asks the server nothing.
    """
    if client is None:
        raise ValueError("redis_client must be provided")
    if isinstance(client, _weir.RedisClient):
        return client
    with _lock:
        if client not in _made:
            _made[client] = _weir.RedisClient(**client_settings(client))
        return _made[client]


def client_settings(client: Any) -> Dict[str, Any]:
    """The arguments for Weir's RedisClient that reach what `client`, one of redis-py's, reaches."""
    nodes = getattr(client, "nodes_manager", None)
    if nodes is not None:
        settings = _connection_settings(nodes.connection_kwargs, nodes.connection_kwargs.get("ssl", False))
        addresses = [(node.host, node.port) for node in nodes.startup_nodes.values()]
        return {**settings, "cluster_nodes": addresses, "db": 0}
    pool: Any = getattr(client, "connection_pool", None)
    if not isinstance(getattr(pool, "connection_kwargs", None), dict):
        raise TypeError(f"redis_client={client!r}: needs to be a redis.Redis, a client of a redis.sentinel.Sentinel, a "
                        f"redis.cluster.RedisCluster or a weir.RedisClient, whose settings open Weir's own connections")
    kinds = [kind.__name__ for kind in pool.connection_class.__mro__]
    settings = _connection_settings(pool.connection_kwargs, any("SSL" in kind for kind in kinds))
    manager = getattr(pool, "sentinel_manager", None)
    if manager is not None:
        settings["sentinels"] = [_address(sentinel) for sentinel in manager.sentinels]
        settings["service_name"] = pool.service_name
    elif any("UnixDomainSocket" in kind for kind in kinds):
        settings["unix_socket_path"] = pool.connection_kwargs["path"]
    return settings


def _address(client: Any) -> Tuple[str, int]:
    settings = client.connection_pool.connection_kwargs
    return settings.get("host", "localhost"), int(settings.get("port", 26379))


def _connection_settings(given: Dict[str, Any], is_tls: bool) -> Dict[str, Any]:
    settings = {name: given[name] for name in _TAKEN if given.get(name) is not None}
    provider = given.get("credential_provider")
    if provider is not None:
        *username, password = provider.get_credentials()
        settings.update(password=password, **({"username": username[0]} if username else {}))
    if is_tls:
        settings["ssl"] = True
        settings.update((name, given[name]) for name in _TLS_FILES if given.get(name))
        _refuse_what_weir_has_not(given)
    return settings


def _refuse_what_weir_has_not(given: Dict[str, Any]) -> None:
    if given.get("ssl_cert_reqs") in ("none", 0) and given.get("ssl_cert_reqs") is not None:
        raise _weir.ConfigError("redis_client with ssl_cert_reqs='none': Weir always checks the server's certificate; "
                                "name its authority with ssl_ca_certs")
    for name in _NOT_HAD:
        if given.get(name):
            raise _weir.ConfigError(f"redis_client with {name}: Weir takes authorities from a file, ssl_ca_certs")
