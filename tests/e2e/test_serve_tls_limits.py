"""What hostile, slow and many clients get over TLS (I4), as they do without."""
import os
import socket
import ssl
import threading

import pytest

from conftest import Server, fill
from secure_server import SecureServer, certificates, tls_section, wait_until

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n"


@pytest.fixture
def secure(tmp_path):
    servers = []

    def start(directory, *arguments):
        folder = tmp_path / f"web{len(servers)}"
        folder.mkdir()
        servers.append(SecureServer(folder, directory, tls_section(certificates().server), *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def read_all(connection):
    try:
        return b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:  # reset, or an alert
        return b""


def exchange(server, request):
    """What the server sends until it closes."""
    with server.tls() as connection:
        connection.sendall(request)
        return read_all(connection)


def test_handshakes_that_never_end_are_cut_and_block_nobody(secure, directory):
    server = secure(directory, "--request-timeout", "0.5")
    silent = [server.connect() for _ in range(50)]
    halved = server.connect()
    halved.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # the beginning of a client hello
    assert server.curl("/healthz").status == 200
    for client in (*silent, halved):
        assert read_all(client) == b""
        client.close()
    assert server.rejected("tls_timeout") == 51


def test_what_is_no_tls_costs_itself_only(secure, directory):
    server = secure(directory)
    for garbage in (b"\0" * 600, b"\xff" * 600, b"\x16\x03\x01\xff\xff" + b"A" * 600, b"\x15\x03\x01\x00\x02\x02\x28",
                    b"\x80\x2e\x01\x00\x02" + b"\0" * 50):
        with server.connect() as client:
            client.sendall(garbage)
            read_all(client)
    with server.tls() as connection:  # established, then bytes that are no record
        raw = socket.socket(fileno=os.dup(connection.fileno()))
        raw.sendall(b"\x17\x03\x03\x40\x00" + b"garbage" * 3000)
        raw.close()
        assert not read_all(connection).startswith(b"HTTP")
    assert server.curl("/metrics").status == 200


NOT_TLS = b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


@pytest.mark.parametrize("first", [b"GET /metrics HTTP/1.1", b"POST / HTTP/1.1", b"CONNECT weir:443 HTTP/1.1"])
def test_plain_http_reads_its_400_to_the_end(secure, directory, first):
    """No reset takes the answer back: what the client sent is read, also what it sends later."""
    server = secure(directory)
    with server.connect() as client:
        client.sendall(first + b"\r\nHost: t\r\nX: " + b"x" * 20000)
        assert client.recv(len(NOT_TLS), socket.MSG_WAITALL) == NOT_TLS
        client.sendall(b"x" * 20000 + b"\r\n\r\n")
        assert client.recv(1) == b""
    wait_until(lambda: server.rejected("tls_plain_http") == 1, "it is counted")


def test_plain_http_without_end_is_cut(secure, directory):
    server = secure(directory, "--request-timeout", "0.5")
    with server.connect() as endless, server.connect() as silent:
        silent.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(1000):
                endless.sendall(b"GET " * 16000)
        assert read_all(silent) == NOT_TLS
        # Cut although it keeps its end open: its bytes are met by a reset.
        wait_until(lambda: is_reset(silent), "it is cut after its time")
    assert server.rejected("tls_plain_http") == 2
    assert server.rejected("tls_timeout") == 0


def is_reset(client):
    try:
        client.sendall(b"x")
        return False
    except OSError:
        return True


def test_requests_are_limited_as_without_tls(secure, directory):
    server = secure(directory, "--request-timeout", "0.5")
    assert exchange(server, b"GET /" + b"x" * 60000 + b" HTTP/1.1\r\nHost: t\r\n\r\n").startswith(b"HTTP/1.1 414")
    assert exchange(server, b"GET / HTTP/1.1\r\nHost: t\r\nX: " + b"x" * 60000 + b"\r\n\r\n").startswith(b"HTTP/1.1 431")
    assert exchange(server, b"POST /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 999999999\r\n\r\n").startswith(b"HTTP/1.1 405")
    for malformed in (b"GET\r\n\r\n", b"\r\n\r\nGET /metrics\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"\0" * 500 + b"\r\n\r\n"):
        with server.tls() as connection:
            connection.sendall(malformed)
            assert b" 200 " not in read_all(connection).split(b"\r\n")[0]
    assert server.curl("/healthz").status == 200


def test_a_request_that_trickles_is_cut(secure, directory):
    server = secure(directory, "--request-timeout", "0.5")
    with server.tls() as connection:
        connection.settimeout(0.05)
        sent = 0
        while sent < 400:  # 20 s
            try:
                connection.sendall(REQUEST[sent % 10:sent % 10 + 1])
                sent += 1
                if connection.recv(1) == b"":
                    break
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except OSError:
                break
    assert 5 <= sent < 100


def test_pipelined_requests_are_answered_in_order(secure, directory):
    server = secure(directory)
    targets = [b"/healthz", b"/metrics", b"/nowhere", b"/healthz"] * 25
    last = b"GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    answers = exchange(server, b"".join(b"GET " + target + b" HTTP/1.1\r\nHost: t\r\n\r\n" for target in targets) + last)
    codes = [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert codes == [b"200", b"200", b"404", b"200"] * 25 + [b"200"]


def test_a_big_body_comes_whole_also_to_a_slow_reader(secure, tmp_path):
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    fill(metrics, 8, 2000, distinct=True)
    server = secure(metrics)
    request = b"GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    whole = exchange(server, request).partition(b"\r\n\r\n")[2]
    assert whole.count(b"\n") == 16002
    with server.tls() as slow:
        slow.sendall(request)
        parts = []
        pause = threading.Event()
        while part := slow.recv(7000):
            parts.append(part)
            if len(parts) % 40 == 0:
                pause.wait(0.01)
    assert b"".join(parts).partition(b"\r\n\r\n")[2] == whole


def test_clients_that_go_in_the_middle_leave_nothing(secure, tmp_path):
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    fill(metrics, 8, 2000, distinct=True)
    server = secure(metrics)
    assert server.curl("/metrics").status == 200  # its files are open from here on
    open_before = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    for _ in range(20):
        with server.tls() as connection:
            connection.sendall(REQUEST * 3)
            connection.recv(1000)
    assert server.curl("/metrics").status == 200
    wait_until(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) <= open_before, "their descriptors are closed")


@pytest.mark.parametrize("tls", [True, False])
def test_connections_of_one_address_are_bounded_where_asked(secure, serve, directory, tls):
    server = (secure if tls else serve)(directory, "--max-connections-per-address", "3")
    held = [server.connect() for _ in range(3)]
    for client in held:  # served, so counted
        if not tls:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
    with server.connect() as more:
        assert more.recv(1) == b""
    held.pop().close()
    wait_until(lambda: (server.curl("/healthz").status if tls else plain_status(server)) == 200, "the place that was left is given again")
    for client in held:
        client.close()


def plain_status(server: Server):
    try:
        return server.get("/healthz")[0]
    except OSError:
        return 0


def test_more_connections_than_there_may_be_are_closed_at_once(secure, directory):
    server = secure(directory, "--max-connections", "5")
    held = [server.connect() for _ in range(5)]
    with server.connect() as more:
        assert more.recv(1) == b""
    for client in held:
        client.close()


def test_stopping_finishes_what_is_being_sent(secure, tmp_path):
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    fill(metrics, 8, 2000, distinct=True)
    server = secure(metrics)
    with server.tls() as connection:
        connection.sendall(REQUEST)
        first = connection.recv(1000)
        stopped = []
        stopper = threading.Thread(target=lambda: stopped.append(server.stop()))
        stopper.start()
        rest = read_all(connection)
        stopper.join(timeout=20)
    assert stopped == [0]
    assert (first + rest).count(b"\nrequests_total{") == 16000
