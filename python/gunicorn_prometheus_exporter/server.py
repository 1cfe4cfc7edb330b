"""The metrics server of a master: Weir's exposer, in C++ threads, over what all processes count; and folding beside it.

It reads the directory or the Redis, never this process's memory, so it shows the same from whichever process serves.
With PROMETHEUS_SSL_CERTFILE and PROMETHEUS_SSL_KEYFILE it serves TLS; certificates that come in their place are taken
within a second. The port may still be the old master's after an upgrade by USR2: the old one goes on serving, every value of the new
workers included, and `retry()`, once a second, takes the port when it leaves.
Thread safety: called by the master's one thread.
"""
import atexit
import logging
import os
import socket
import stat
from typing import Any, Dict, List, Optional, Tuple

from weir import _weir

from .config import config
from .config.checks import SettingError
from .folding import folding

logger = logging.getLogger(__name__)
Address = Tuple[Any, ...]  # host and port


class MetricsServer:
    """At most one server, wanted from start() to stop()."""

    def __init__(self) -> None:
        self._exposer: Optional[_weir.Exposer] = None
        self._wanted: Optional[str] = None  # HOST:PORT while it is wanted
        self._pid: Optional[int] = None
        self._said: Optional[str] = None  # the last complaint, so that it is not repeated every second
        self._address: Optional[Address] = None  # host and port of the listening socket while it serves

    @property
    def is_serving(self) -> bool:
        return self._exposer is not None

    @property
    def url(self) -> str:
        """Where metrics are, while it serves."""
        scheme = "https" if self._exposer is not None and self._exposer.has_tls else "http"
        return f"{scheme}://{self._wanted}/metrics"

    def start(self) -> None:
        """Serves where the configuration says, now or as soon as the port is free. ValueError for bad settings."""
        listen = config.listen
        folding.start()
        self._wanted, self._pid = listen, os.getpid()
        self._take_port()

    def retry(self) -> None:
        """Takes the port if it is wanted and not had."""
        if self._wanted is None or self._exposer is not None or self._pid != os.getpid():
            return
        try:
            self._take_port()
        except (SettingError, _weir.Error) as error:  # what could be used at the start: no reason to end
            self._complain(error)

    def _take_port(self) -> None:
        assert self._wanted is not None
        before = set(_listening_addresses())
        try:
            self._exposer = _weir.Exposer(self._wanted, reading_source(), folding.source, **_tls())
        except _weir.StorageError as error:
            self._complain(error)
        else:
            self._said = None
            self._address = next(iter(set(_listening_addresses()) - before), None)
            logger.info("metrics at %s", self.url)

    def _complain(self, error: Exception) -> None:
        if str(error) != self._said:
            logger.warning("%s; trying again every second", error)
        self._said = str(error)

    def stop(self) -> None:
        """Answers what was asked already, then serves and folds no more."""
        if self._pid == os.getpid() and self._exposer is not None:
            self._exposer.stop()
        folding.stop()
        self._exposer = self._wanted = self._address = None

    def forget_in_child(self) -> None:
        """In a forked process: closes the sockets that came along, so that connections end when the master says."""
        if self._address is not None and self._pid != os.getpid():
            for descriptor, name, _ in _tcp_sockets():
                if name == self._address or _is_any(self._address[0]) and name[1] == self._address[1]:
                    os.close(descriptor)
        if self._pid != os.getpid():
            self._wanted = self._address = None


def _tls() -> Dict[str, Any]:
    """The settings of TLS, as Exposer takes them; none are plain HTTP."""
    return {"certfile": config.prometheus_ssl_certfile or "", "keyfile": config.prometheus_ssl_keyfile or "",
            "client_cafile": config.prometheus_ssl_client_cafile or "",
            "client_capath": config.prometheus_ssl_client_capath or "",
            "client_auth_required": config.prometheus_ssl_client_auth_required}


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::")


def _tcp_sockets() -> List[Tuple[int, Address, bool]]:
    """(descriptor, (host, port) of this end, whether it listens) of each of the process's."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if not stat.S_ISSOCK(os.stat(f"/proc/self/fd/{name}").st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as one:
                if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
                    listens = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
                    found.append((int(name), one.getsockname()[:2], listens))
        except OSError:
            continue  # closed meanwhile
    return found


def _listening_addresses() -> List[Address]:
    return [name for _, name, listens in _tcp_sockets() if listens]


def reading_source() -> _weir.Source:
    """What the environment says values are kept in, as a source of all processes' values."""
    return _weir.redis_source() if config.redis_enabled else _weir.DirectorySource()


server = MetricsServer()
atexit.register(server.stop)  # where no hook does: its threads must not outlive the interpreter
os.register_at_fork(after_in_child=server.forget_in_child)
