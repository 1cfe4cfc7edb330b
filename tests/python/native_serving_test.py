"""start_http_server, make_wsgi_app, make_asgi_app: what a scraper gets."""
import asyncio
import errno
import gc
import gzip
import os
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import weir
from certificates import certificates

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


@pytest.fixture
def registry():
    registry = weir.CollectorRegistry(storage=weir.memory_storage())
    weir.Counter("a", "A.", registry=registry).inc()
    weir.Counter("b", "B.", registry=registry).inc(2)
    return registry


@pytest.fixture
def server(registry):
    with weir.start_http_server(0, "127.0.0.1", registry) as server:
        yield server


def get(server, path="/metrics", headers=None):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=headers or {})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read(), response.headers


def test_the_server_answers_by_accept_encoding_and_names(server):
    body, headers = get(server)
    assert b"a_total 1\n" in body and headers["Content-Type"] == weir.CONTENT_TYPE_LATEST
    body, headers = get(server, headers=OPENMETRICS)
    assert body.endswith(b"# EOF\n") and headers["Content-Type"].startswith("application/openmetrics-text")
    body, headers = get(server, headers={"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip" and b"b_total 2\n" in gzip.decompress(body)
    assert b"a_total" not in get(server, "/metrics?name[]=b_total")[0]
    assert get(server, "/healthz")[0]


def test_a_scrape_calls_python_collectors_and_functions_from_the_servers_threads(server, registry):
    called_in = []
    gauge = weir.Gauge("asked", "A.", registry=registry)
    gauge.set_function(lambda: called_in.append(threading.get_ident()) or 5)

    class Collector:
        def collect(self):
            called_in.append(threading.get_ident())
            metric = weir.Metric("mine", "M.", "gauge")
            metric.add_sample("mine", {}, 6)
            return [metric]

    registry.register(Collector())
    body, _ = get(server)
    assert b"asked 5\n" in body and b"mine 6\n" in body
    assert len(called_in) == 2 and threading.get_ident() not in called_in


HOLDS_THE_GIL = """
import ctypes, socket, weir
weir.Counter("kept", "K.").inc(3)
server = weir.start_http_server(0, "127.0.0.1")
held = ctypes.PyDLL(None)  # calls through PyDLL keep the GIL
s = socket.create_connection(("127.0.0.1", server.port))
request = b"GET /metrics HTTP/1.0\\r\\n\\r\\n"
buffer = ctypes.create_string_buffer(65536)
held.send(s.fileno(), request, len(request), 0)
size = held.recv(s.fileno(), buffer, 65536, 0)
print(buffer.raw[:size].decode())
"""


def test_a_scrape_of_native_metrics_needs_no_gil():
    """The answer comes while the only Python thread waits for it without letting go of the GIL."""
    done = subprocess.run([sys.executable, "-c", HOLDS_THE_GIL], capture_output=True, text=True, timeout=20)
    assert "200 OK" in done.stdout, done.stderr


def test_it_unpacks_as_the_stock_clients_pair_and_stops(registry):
    server, thread = weir.start_http_server(0, "127.0.0.1", registry)
    assert thread.is_alive() and get(server)[0]
    server.shutdown()
    server.shutdown()
    thread.join(1)
    assert not thread.is_alive()
    with pytest.raises(urllib.error.URLError):
        get(server)


def test_a_server_nobody_holds_goes_on_until_the_program_ends(registry):
    """`start_http_server(8000)`, as everyone calls it, keeps no reference."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    weir.start_http_server(port, "127.0.0.1", registry)
    gc.collect()
    with pytest.raises(OSError, match=str(port)):
        weir.start_http_server(port, "127.0.0.1", registry)
    (held,) = [server for server in weir.serving._servers if server.port == port]
    held.shutdown()
    assert held not in weir.serving._servers
    weir.start_http_server(port, "127.0.0.1", registry).shutdown()


def test_a_port_in_use_and_a_bad_address_are_named(server, registry):
    with pytest.raises(OSError, match=str(server.port)) as taken:
        weir.start_http_server(server.port, "127.0.0.1", registry)
    assert taken.value.errno == errno.EADDRINUSE  # what programs ask that try another port
    with pytest.raises(weir.ConfigError, match="nowhere"):
        weir.start_http_server(0, "nowhere.invalid", registry)
    with pytest.raises(weir.ConfigError, match="certfile='cert.pem', keyfile=None: TLS needs both"):
        weir.start_http_server(0, "127.0.0.1", registry, certfile="cert.pem")
    with pytest.raises(weir.ConfigError, match="/no/cert.pem"):
        weir.start_http_server(0, "127.0.0.1", registry, certfile="/no/cert.pem", keyfile="/no/key.pem")


def test_tls_is_served_with_a_certificate_and_asks_for_the_clients():
    made, registry = certificates(), weir.CollectorRegistry()
    weir.Counter("c", "C.", registry=registry).inc(4)
    with weir.start_http_server(0, "127.0.0.1", registry, str(made.server.certificate), str(made.server.key),
                                client_cafile=str(made.client.authority), client_auth_required=True) as server:
        context = ssl.create_default_context(cafile=made.server.authority)
        address = f"https://127.0.0.1:{server.port}/metrics"
        with pytest.raises(OSError):
            urllib.request.urlopen(address, timeout=20, context=context)
        context.load_cert_chain(made.client.certificate, made.client.key)
        with urllib.request.urlopen(address, timeout=20, context=context) as response:
            assert b"c_total 4\n" in response.read()


FORKING = """
import os, signal, subprocess, sys, time
import weir
certificate, key, client = sys.argv[1:]
registry = weir.CollectorRegistry(storage=weir.memory_storage())
counter = weir.Counter("c", "C.", ["n"], registry=registry)
for n in range(40000):
    counter.labels("x" * 60 + str(n)).inc()

def watched_but_closed():
    descriptors, watched = os.listdir("/proc/self/fd"), set()
    for one in descriptors:
        try:
            with open("/proc/self/fdinfo/" + one) as info:
                watched |= {line.split()[1] for line in info if line.startswith("tfd:")}
        except FileNotFoundError:
            pass  # what listed them
    return watched - set(descriptors)

with weir.start_http_server(0, "127.0.0.1", registry, certificate, key) as server:
    reader = subprocess.Popen([sys.executable, "-c", client, str(server.port)], stdout=subprocess.PIPE)
    reader.stdout.readline()
    before = len(os.listdir("/proc/self/fd"))
    child = os.fork()
    if child == 0:
        time.sleep(20)
        os._exit(0)
    reader.kill(), reader.wait()
    for _ in range(1000):
        if len(os.listdir("/proc/self/fd")) < before:
            break
        time.sleep(0.01)
    print(len(os.listdir("/proc/self/fd")) < before, watched_but_closed())
os.kill(child, signal.SIGKILL), os.waitpid(child, 0)
"""
STALLING = """
import socket, ssl, sys, time
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
connection.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
connection.recv(20)
print("reading", flush=True)
time.sleep(60)
"""


def test_a_tls_connection_a_forked_child_has_too_is_let_go_of_when_its_client_goes():
    """Else the kernel goes on telling of it, and the server's thread of nothing else."""
    made = certificates().server
    done = subprocess.run([sys.executable, "-c", FORKING, str(made.certificate), str(made.key), STALLING],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout == "True set()\n", done.stdout + done.stderr


def test_a_directory_is_served(tmp_path):
    weir.Counter("c", "C.", registry=weir.CollectorRegistry(storage=weir.file_storage(str(tmp_path)))).inc(4)
    with weir.start_http_server(0, "127.0.0.1", weir.MultiProcessCollector(None, str(tmp_path))) as server:
        assert b"c_total 4\n" in get(server)[0]


def wsgi(app, **environ):
    environ = {"QUERY_STRING": "", **environ}
    setup_testing_defaults(environ)
    answered = []
    result = validator(app)(environ, lambda status, headers, error=None: answered.append((status, dict(headers))))
    body = b"".join(result)
    result.close()
    return answered[0][0], answered[0][1], body


def test_the_wsgi_application_answers_scrapes(registry):
    app = weir.make_wsgi_app(registry)
    status, headers, body = wsgi(app, QUERY_STRING="name[]=b")
    assert (status, headers["Content-Length"]) == ("200 OK", str(len(body)))
    assert b"b_total 2\n" in body and b"a_total" not in body
    status, headers, body = wsgi(app, HTTP_ACCEPT_ENCODING="gzip", HTTP_ACCEPT=OPENMETRICS["Accept"])
    assert headers["Content-Encoding"] == "gzip" and gzip.decompress(body).endswith(b"# EOF\n")
    status, headers, body = wsgi(weir.make_wsgi_app(registry, True), HTTP_ACCEPT_ENCODING="gzip")
    assert "Content-Encoding" not in headers
    status, headers, body = wsgi(app, REQUEST_METHOD="HEAD")
    assert body == b"" and int(headers["Content-Length"]) > 0
    assert wsgi(app, REQUEST_METHOD="POST", CONTENT_LENGTH="0")[0].startswith("405")


def test_the_asgi_application_answers_scrapes(registry):
    async def ask(app, **scope):
        sent = []

        async def send(message):
            sent.append(message)
        await app({"type": "http", "method": "GET", "query_string": b"", "headers": [], **scope}, None, send)
        return sent

    app = weir.make_asgi_app(registry)
    start, body = asyncio.run(ask(app, query_string=b"name[]=a", headers=[(b"accept", OPENMETRICS["Accept"].encode())]))
    assert start["status"] == 200 and body["body"].endswith(b"# EOF\n") and b"b_total" not in body["body"]
    start, body = asyncio.run(ask(app, headers=[(b"accept-encoding", b"gzip")]))
    assert (b"content-encoding", b"gzip") in start["headers"] and b"b_total 2\n" in gzip.decompress(body["body"])
    assert asyncio.run(ask(app, method="PUT"))[0]["status"] == 405
    with pytest.raises(TypeError, match="websocket"):
        asyncio.run(ask(app, type="websocket"))


def test_a_forked_child_neither_serves_nor_waits_for_the_servers_threads(server):
    pid = os.fork()
    if pid == 0:
        server.shutdown()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert get(server)[0]
