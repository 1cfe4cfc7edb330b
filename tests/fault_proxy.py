"""A TCP proxy for tests that spoils what passes through it.

    with FaultProxy(redis.port) as proxy:
        run(program, PROMETHEUS_REDIS_URL=proxy.url)
        proxy.cut_after(from_server=5)         # once: the connection breaks in the middle of a reply
        proxy.drop_replies()                   # the server executes, nobody hears of it
        proxy.delay(0.2), proxy.refuse(), proxy.pass_all()

A fault holds from its call on, for the connections that stand and for those that come, until pass_all().
"""
import contextlib
import socket
import struct
import threading
import time

from redis_servers import free_port

TO_SERVER, FROM_SERVER = "to server", "from server"


class _Cut(Exception):
    """This connection ends here."""


class _Connection:
    """Both directions of one client's connection, a thread each."""

    def __init__(self, proxy, client, server):
        self._proxy, self._sockets = proxy, (client, server)
        for direction, source, target in ((TO_SERVER, client, server), (FROM_SERVER, server, client)):
            threading.Thread(target=self._carry, args=(direction, source, target), daemon=True).start()

    def _carry(self, direction, source, target):
        with contextlib.suppress(OSError, _Cut):
            while data := source.recv(65536):
                self._proxy.handle(direction, data, target)
        self.cut()

    def cut(self):
        """A reset for both ends, as when a machine goes."""
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._proxy.forget(self)


class FaultProxy:
    """Listens on `port` of the loopback and carries bytes to `server_port` there."""

    def __init__(self, server_port):
        self.server_port, self.port = server_port, free_port()
        self.carried = {TO_SERVER: 0, FROM_SERVER: 0}  # bytes that arrived at their end
        self.cuts = 0                                  # connections cut by cut_after()
        self._lock = threading.Lock()
        self._connections = set()
        self._listener = None
        self._left, self._dropped, self._seconds = {}, frozenset(), 0.0

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self):
        self._listen()
        return self

    def __exit__(self, *_):
        self.refuse()

    def pass_all(self):
        """No fault any more. What was dropped stays lost."""
        with self._lock:
            self._left, self._dropped, self._seconds = {}, frozenset(), 0.0
        if self._listener is None:
            self._listen()

    def cut_after(self, to_server=None, from_server=None):
        """Once: when so many more bytes have passed, of all connections, the one that carried the last is reset."""
        with self._lock:
            self._left = {d: n for d, n in ((TO_SERVER, to_server), (FROM_SERVER, from_server)) if n is not None}

    def delay(self, seconds):
        """Every piece waits so long, in both directions."""
        self._seconds = seconds

    def drop_replies(self):
        """What the server says is lost; connections stay."""
        self._dropped = frozenset({FROM_SERVER})

    def drop_everything(self):
        """Nothing passes; connections stay, and new ones are taken."""
        self._dropped = frozenset({TO_SERVER, FROM_SERVER})

    def cut_all(self):
        """Resets the connections that stand; new ones pass."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.cut()

    def refuse(self):
        """Resets the connections that stand, and nobody listens."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut_all()

    # What follows is for the proxy's own threads.

    def handle(self, direction, data, target):
        """Brings a piece to its end, or does to it what was asked for."""
        if self._seconds:
            time.sleep(self._seconds)
        if direction in self._dropped:
            return
        with self._lock:
            left = self._left.get(direction)
            if left is not None and len(data) >= left:
                data, self._left, self.cuts = data[:left], {}, self.cuts + 1
                cut = True
            else:
                cut = False
                if left is not None:
                    self._left[direction] -= len(data)
        target.sendall(data)
        with self._lock:
            self.carried[direction] += len(data)
        if cut:
            time.sleep(0.05)  # a reset would overtake the bytes that may still pass
            raise _Cut

    def forget(self, connection):
        with self._lock:
            self._connections.discard(connection)

    def _listen(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.server_port), timeout=10)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._listener is not listener:
                    client.close(), server.close()
                    return
                with self._lock:
                    self._connections.add(_Connection(self, client, server))
