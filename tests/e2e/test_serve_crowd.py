"""Very many scrapers at once, over TLS and without: each gets the whole answer or a polite refusal, and memory stays (I4)."""
import re
import resource
import ssl
import subprocess

import pytest

from conftest import CLEAN, fill
from secure_server import SecureServer, certificates, tls_section

SCRAPERS = 200
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"


@pytest.fixture(params=["http", "https"])
def crowded(request, serve, tmp_path):
    """Starts a server of `processes` times 1000 series, and gives it with a way to connect to it."""
    secured = []

    def start(processes, *arguments):
        metrics = tmp_path / "metrics"
        metrics.mkdir()
        fill(metrics, processes, 1000, distinct=True)
        if request.param == "http":
            server = serve(metrics, *arguments)
            return server, server.connect
        server = SecureServer(tmp_path, metrics, tls_section(certificates().server), *arguments)
        secured.append(server)
        context = ssl.create_default_context(cafile=certificates().authority)
        return server, lambda: context.wrap_socket(server.connect(), server_hostname="localhost")

    yield start
    for server in secured:
        server.close()


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else 4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def send_all(connections):
    for connection in connections:
        connection.sendall(REQUEST)


def head_of(connection):
    """The head, and what came with it of the body."""
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(512)
        assert more, f"half a head: {text}"
        text += more
    return text.split(b"\r\n\r\n", 1)


def rest_of(connection, body):
    return body + b"".join(iter(lambda: connection.recv(1 << 18), b""))


def close_all(connections):
    for connection in connections:
        connection.close()


def test_each_of_200_scrapes_at_once_is_answered_whole(crowded):
    server, connect = crowded(4, "--max-requests-in-flight", SCRAPERS)
    with connect() as first:
        first.sendall(REQUEST)
        whole = rest_of(first, head_of(first)[1])
    assert whole.count(b"\nrequests_total{") == 4000
    before = server.peak_bytes()
    connections = [connect() for _ in range(SCRAPERS)]
    try:
        send_all(connections)
        for connection in connections:
            head, body = head_of(connection)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert rest_of(connection, body) == whole
    finally:
        close_all(connections)
    assert server.peak_bytes() - before < 48 << 20


def test_more_than_the_limit_are_refused_until_others_have_read(crowded):
    """Nobody reads more than heads until all have one: the bodies, larger than sockets hold, keep their places."""
    server, connect = crowded(64, "--max-requests-in-flight", 10)
    connections = [connect() for _ in range(SCRAPERS)]
    before = server.peak_bytes()
    try:
        send_all(connections)
        answers = [(connection, *head_of(connection)) for connection in connections]
        refused = [(connection, head, body) for connection, head, body in answers if head.startswith(b"HTTP/1.1 503 ")]
        served = [(connection, body) for connection, head, body in answers if head.startswith(b"HTTP/1.1 200 ")]
        assert (len(served), len(refused)) == (10, SCRAPERS - 10)
        for connection, head, body in refused:
            assert b"\r\nRetry-After: 1\r\n" in head
            assert rest_of(connection, body) == b"Too many scrapes at one time; try again in a second.\n"
        whole = rest_of(*served[0])
        assert whole.count(b"\nrequests_total{") == 64000
        for connection, body in served[1:]:
            assert rest_of(connection, body) == whole
    finally:
        close_all(connections)
    assert server.peak_bytes() - before < 96 << 20
    with connect() as later:
        later.sendall(REQUEST)
        assert head_of(later)[0].startswith(b"HTTP/1.1 200 ")


def test_200_transfers_of_curl_are_answered_or_refused(crowded, tmp_path):
    server, _ = crowded(1, "--max-requests-in-flight", 5)
    scheme = "https" if isinstance(server, SecureServer) else "http"
    result = subprocess.run(
        ["curl", "--silent", "--max-time", "20", "--noproxy", "*", "--cacert", certificates().authority,
         "--parallel", "--parallel-immediate", "--parallel-max", str(SCRAPERS), "--output", tmp_path / "body-#1",
         "--write-out", "%{http_code} %header{retry-after} %{filename_effective}\n",
         f"{scheme}://localhost:{server.port}/metrics?[1-{SCRAPERS}]"], capture_output=True, text=True, timeout=60, env=CLEAN)
    assert result.returncode == 0, result.stderr
    answers = re.findall(r"^(\d+) (\d*) (.+)$", result.stdout, re.M)
    assert len(answers) == SCRAPERS
    bodies = {status: {open(path).read() for one, _, path in answers if one == status} for status, _, _ in answers}
    assert {(status, after) for status, after, _ in answers} <= {("200", ""), ("503", "1")}
    assert len(bodies["200"]) == 1 and bodies["200"].pop().count("\nrequests_total{") == 1000
    assert bodies.get("503", set()) <= {"Too many scrapes at one time; try again in a second.\n"}


def test_2000_idle_tls_connections_cost_little(tmp_path, directory, many_descriptors):
    server = SecureServer(tmp_path, directory, tls_section(certificates().server), "--request-timeout", "120")
    context = ssl.create_default_context(cafile=certificates().authority)
    idle = []
    try:
        assert server.curl("/metrics").status == 200
        before = server.resident_bytes()
        idle += [context.wrap_socket(server.connect(), server_hostname="localhost") for _ in range(2000)]
        assert server.curl("/metrics").status == 200
        assert server.resident_bytes() - before < 2000 * 32 * 1024
    finally:
        close_all(idle)
        server.close()
