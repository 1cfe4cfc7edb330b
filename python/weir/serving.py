"""Serving scrapes: an HTTP server of C++ threads, a WSGI and an ASGI application.

    start_http_server(8000)                      # /metrics, /healthz, /readyz, /backend
    app = make_wsgi_app()                        # or make_asgi_app(): metrics on every path

All answer by Accept (text 0.0.4 or OpenMetrics), Accept-Encoding (gzip) and `?name[]=`.
"""
import asyncio
import atexit
import errno
import functools
import os
import threading
from typing import Any, Awaitable, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple
from urllib.parse import parse_qs

from weir import _weir
from weir.exposition import Response, scrape, source_of
from weir.registry import REGISTRY

_ALLOWED = "GET, HEAD, OPTIONS"
_REFUSALS = (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)  # what programs that try another port look for
_servers: "Set[MetricsServer]" = set()  # what keeps a server alive whose maker let go of it


class MetricsServer:
    """A server that runs until shutdown(), the end of a `with` block, or the program's.

    Unpacks into two, server and thread, as what prometheus_client returns; both are this object. A forked child does
    not serve.
    """

    def __init__(self, listen: str, source: _weir.Source, **tls: Any) -> None:
        self._exposer = _weir.Exposer(listen, source, **tls)
        self._stopped = threading.Event()
        self.port: int = self._exposer.port
        _servers.add(self)

    def shutdown(self) -> None:
        """Finishes scrapes in flight and stops. Calling it again is harmless."""
        self._exposer.stop()
        self._stopped.set()
        _servers.discard(self)

    server_close = shutdown

    @property
    def server_port(self) -> int:
        return self.port

    def join(self, timeout: Optional[float] = None) -> None:
        """Waits until somebody calls shutdown()."""
        self._stopped.wait(timeout)

    def is_alive(self) -> bool:
        return not self._stopped.is_set()

    def __enter__(self) -> "MetricsServer":
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()

    def __iter__(self) -> Iterator["MetricsServer"]:
        return iter((self, self))


@atexit.register
def _stop_all() -> None:
    # Before the interpreter ends: a scrape that runs may still need it.
    for server in list(_servers):
        server.shutdown()


def start_http_server(port: int, addr: str = "0.0.0.0", registry: Any = REGISTRY, certfile: Optional[str] = None,
                      keyfile: Optional[str] = None, client_cafile: Optional[str] = None,
                      client_capath: Optional[str] = None, client_auth_required: bool = False) -> MetricsServer:
    """Serves `registry` on http://addr:port/metrics from C++ threads. Port 0 takes a free one (`.port` says which).

    With `certfile` and `keyfile`, in PEM, on https://; those that come in their place are taken within a second. Clients
    may show certificates of the authorities in `client_cafile` or `client_capath`, with `client_auth_required` they
    must. The threads take the GIL only to call Python collectors and set_function callbacks. Raises ConfigError for an
    address or certificate that is none and StorageError (an OSError, with its errno) for a port that cannot be had.
    """
    if bool(certfile) != bool(keyfile):
        raise _weir.ConfigError(f"start_http_server: certfile={certfile!r}, keyfile={keyfile!r}: TLS needs both")
    try:
        return MetricsServer(f"[{addr}]:{port}" if ":" in addr else f"{addr}:{port}", source_of(registry),
                             certfile=certfile or "", keyfile=keyfile or "", client_cafile=client_cafile or "",
                             client_capath=client_capath or "", client_auth_required=client_auth_required)
    except _weir.StorageError as error:  # it has the system's words, but not their number
        for code in _REFUSALS:
            if os.strerror(code) in str(error):
                error.errno = code
        raise


def _answer(registry: Any, method: str, accept: str, accept_encoding: str, query: str) -> Tuple[str, Response]:
    if method == "OPTIONS":
        return "200 OK", Response(b"", [("Allow", _ALLOWED)])
    if method not in ("GET", "HEAD"):
        return "405 Method Not Allowed", Response(
            b"only GET and HEAD\n", [("Allow", _ALLOWED), ("Content-Type", "text/plain; charset=utf-8")])
    names = parse_qs(query).get("name[]", [])
    response = scrape(registry, accept, accept_encoding, names)
    response.headers.append(("Content-Length", str(len(response.body))))
    return "200 OK", Response(b"" if method == "HEAD" else response.body, response.headers)


def make_wsgi_app(registry: Any = REGISTRY, disable_compression: bool = False) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that answers scrapes of `registry` on every path."""
    def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        encoding = "" if disable_compression else environ.get("HTTP_ACCEPT_ENCODING", "")
        status, response = _answer(registry, environ.get("REQUEST_METHOD", "GET"), environ.get("HTTP_ACCEPT", ""),
                                   encoding, environ.get("QUERY_STRING", ""))
        start_response(status, response.headers)
        return [response.body]
    return app


def make_asgi_app(registry: Any = REGISTRY,
                  disable_compression: bool = False) -> Callable[..., Awaitable[None]]:
    """An ASGI application that answers scrapes of `registry` on every path. Under asyncio the scrape runs in a thread,
    so that the event loop does not wait for it."""
    async def app(scope: Dict[str, Any], receive: Callable[..., Awaitable[Any]],
                  send: Callable[..., Awaitable[Any]]) -> None:
        if scope["type"] != "http":
            raise TypeError(f"make_asgi_app() answers http, not {scope['type']!r}")
        encoding = "" if disable_compression else _header(scope, b"accept-encoding")
        answer = functools.partial(_answer, registry, scope["method"], _header(scope, b"accept"), encoding,
                                   scope["query_string"].decode("latin-1"))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another kind of event loop
            status, response = answer()
        else:
            status, response = await loop.run_in_executor(None, answer)
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
    return app


def _header(scope: Dict[str, Any], name: bytes) -> str:
    values: List[bytes] = [value for key, value in scope.get("headers", ()) if key == name]
    return b",".join(values).decode("latin-1")
