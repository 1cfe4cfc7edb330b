"""The metrics server of a master: Weir's exposer, in C++ threads, over what all processes count.

It reads the directory or the Redis, never this process's memory, so it shows the same from whichever process serves.
The port may still be the old master's after an upgrade by USR2: the old one goes on serving, every value of the new
workers included, and `retry()`, once a second, takes the port when it leaves.
Thread safety: called by the master's one thread.
"""
import logging
import os
import socket
import stat

from weir import _weir

from .config import config

logger = logging.getLogger(__name__)


class MetricsServer:
    """At most one server, wanted from start() to stop()."""

    def __init__(self):
        self._exposer = None
        self._wanted = None  # HOST:PORT while it is wanted
        self._pid = None
        self._said = None    # the last complaint, so that it is not repeated every second

    is_serving = property(lambda self: self._exposer is not None)

    def start(self):
        """Serves where the configuration says, now or as soon as the port is free. ValueError for bad settings."""
        if config.prometheus_ssl_enabled:
            raise ValueError(
                "PROMETHEUS_SSL_CERTFILE and PROMETHEUS_SSL_KEYFILE are set, and this metrics server has no TLS: unset them, "
                "keep PROMETHEUS_BIND_ADDRESS=127.0.0.1 and let a reverse proxy (nginx, stunnel) serve TLS before it")
        self._wanted, self._pid = config.listen, os.getpid()
        self.retry()

    def retry(self):
        """Takes the port if it is wanted and not had."""
        if self._wanted is None or self._exposer is not None or self._pid != os.getpid():
            return
        try:
            self._exposer = _weir.Exposer(self._wanted, reading_source())
        except _weir.StorageError as error:
            if str(error) != self._said:
                logger.warning("%s; trying again every second", error)
            self._said = str(error)
        else:
            self._said = None
            logger.info("metrics at http://%s/metrics", self._wanted)

    def stop(self):
        """Answers what was asked already, then serves no more."""
        if self._pid == os.getpid() and self._exposer is not None:
            self._exposer.stop()
        self._exposer = self._wanted = None

    def forget_in_child(self):
        """In a forked process: closes the sockets that came along, so that the master's connections end when it says."""
        if self._wanted is None or self._pid == os.getpid():
            return
        port = int(self._wanted.rsplit(":", 1)[1])
        for name in os.listdir("/proc/self/fd"):
            if _is_socket_of(int(name), port):
                os.close(int(name))
        self._wanted = None


def _is_socket_of(descriptor, port):
    """True for a TCP socket of that local port."""
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        one = socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return False
    with one:
        try:
            return one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockname()[1] == port
        except OSError:
            return False


def reading_source():
    """What the environment says values are kept in, as a source of all processes' values."""
    return _weir.redis_source() if config.redis_enabled else _weir.DirectorySource()


server = MetricsServer()
os.register_at_fork(after_in_child=server.forget_in_child)
