"""`weir serve` as a process: what it answers, what hostile clients and signals do to it (I4)."""
import base64
import gzip
import hashlib
import pathlib
import re
import resource
import signal
import socket
import subprocess
import threading

import pytest

from conftest import BUILD, CLEAN, fill


def test_metrics_are_the_sum_of_all_processes(serve, directory):
    status, headers, body = serve(directory).get("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b'requests_total{code="200"} 7\n' in body
    assert b"temperature 21.5\n" in body


def test_directory_of_the_environment_is_read(serve, directory, tmp_path_factory):
    # conftest's start() gives --dir, which wins; so this one is started by hand.
    from conftest import Server
    server = Server("--listen", "127.0.0.1:0", env={"PROMETHEUS_MULTIPROC_DIR": str(directory)})
    try:
        assert 'requests_total{code="200"} 7\n' in server.text("/metrics")
    finally:
        server.close()


def test_lower_case_variable_works_and_is_called_deprecated(directory):
    from conftest import Server
    server = Server("--listen", "127.0.0.1:0", env={"prometheus_multiproc_dir": str(directory)})
    try:
        assert b"deprecated" in server.log
        assert 'requests_total{code="200"} 7\n' in server.text("/metrics")
    finally:
        server.close()


def test_gzip_and_plain_are_the_same_body(serve, directory):
    server = serve(directory)
    _, headers, packed = server.get("/metrics", {"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == server.get("/metrics")[2]


def test_openmetrics_is_negotiated_as_prometheus_asks(serve, directory):
    accept = ("application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
              "text/plain;version=0.0.4;q=0.3,*/*;q=0.1")
    _, headers, body = serve(directory).get("/metrics", {"Accept": accept})
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert b"# TYPE requests counter\n" in body
    assert body.endswith(b"# EOF\n")


def test_name_parameter_picks_families(serve, directory):
    server = serve(directory)
    assert "requests" not in server.text("/metrics?name[]=temperature")
    both = server.text("/metrics?name%5B%5D=temperature&name%5B%5D=requests_total")
    assert "temperature 21.5" in both and "requests_total" in both


def test_every_scrape_reads_values_anew(serve, directory):
    from conftest import entry, write_db
    server = serve(directory)
    server.text("/metrics")
    write_db(directory / "counter_103.db", [entry("requests", {"code": "200"}, 10.0, sample="requests_total")])
    assert 'requests_total{code="200"} 17\n' in server.text("/metrics")


def test_bad_file_is_named_and_the_rest_served(serve, directory):
    (directory / "counter_666.db").write_bytes(b"\xff" * 5000)
    server = serve(directory)
    assert 'requests_total{code="200"} 7\n' in server.text("/metrics")
    assert "counter_666.db" in server.text("/readyz")
    server.wait_for(rb"skipped: .*counter_666.db")
    assert server.log.count(b"counter_666.db") == 1
    backend = server.text("/backend")
    assert re.search(r"^weir_collect_errors_total\{reason=\"\w+\"\} [1-9]", backend, re.M)
    assert re.search(r"^weir_collect_files_skipped [1-9]", backend, re.M)


def test_what_cannot_serve_folds_nothing(weir, tmp_path):
    program = "import weir; weir.Counter('jobs', 'Jobs.').inc()"
    metrics = tmp_path / "metrics"
    subprocess.run(["/usr/bin/python3", "-c", program], check=True, timeout=60,
                   env={**CLEAN, "PYTHONPATH": str(BUILD / "python"), "PROMETHEUS_MULTIPROC_DIR": str(metrics)})
    before = sorted(metrics.iterdir())
    assert len(before) == 1
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = weir("serve", "--dir", metrics, "--listen", f"127.0.0.1:{taken.getsockname()[1]}", "--fold", "weir")
    assert done.returncode == 1
    assert sorted(metrics.iterdir()) == before


def test_backend_says_what_was_read(serve, directory):
    server = serve(directory)
    server.text("/metrics")
    backend = server.text("/backend")
    for line in ("weir_collect_files 3", "weir_collect_entries 3", "weir_collect_series 2",
                 'weir_http_requests_total{code="200",path="/metrics"} 1', "weir_collect_duration_seconds_count 1"):
        assert line + "\n" in backend, backend
    assert "weir_" not in server.text("/metrics")


def test_missing_directory_is_warned_about_and_served_once_it_appears(serve, directory, tmp_path):
    late = tmp_path / "late"
    server = serve(late)
    assert b"there is no such directory" in server.log
    assert server.get("/readyz")[0] == 503
    status, _, body = server.get("/metrics")
    assert status == 503 and b"nothing could be read" in body
    late.mkdir()
    (directory / "counter_101.db").rename(late / "counter_101.db")
    assert 'requests_total{code="200"} 3\n' in server.text("/metrics")
    assert server.get("/readyz")[0] == 200


def test_plain_page_loads_nothing_and_its_policy_names_its_style(serve, directory):
    _, headers, body = serve(directory, "--page", "plain").get("/")
    style = re.search(rb"<style>(.*?)</style>", body, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert b"<script" not in body and b"http:" not in body and b" style=" not in body
    assert str(directory).encode() in body


def test_hostile_file_name_stays_text_on_the_plain_page(serve, directory):
    (directory / "counter_<img src=x onerror=alert(1)>.db").write_bytes(b"garbage")
    assert "<img" not in serve(directory, "--page", "plain").text("/")


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: t\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: t\r\nX: " + b"a" * 100000 + b"\r\n\r\n", 431),
    (b"GET /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n", 413),
    (b"POST /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 405),
    (b"GET /elsewhere HTTP/1.1\r\nHost: t\r\n\r\n", 404),
    (b"GET /metrics HTTP/1.1\r\n\r\n", 400),
])
def test_requests_beyond_what_is_served_are_refused_by_kind(serve, directory, request_bytes, status):
    server = serve(directory)
    with server.connect() as client:
        client.sendall(request_bytes)
        assert client.recv(65536).startswith(b"HTTP/1.1 %d " % status)
    assert server.get("/healthz")[0] == 200


def test_2000_idle_and_half_open_connections_cost_nothing(serve, directory):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else 4096, hard))
    server = serve(directory)
    server.text("/metrics")
    before = server.resident_bytes()
    idle = []
    try:
        for i in range(2000):
            idle.append(server.connect())
            if i % 2:
                idle[-1].sendall(b"GET /metrics HTTP/1.1\r\nHos")
        for _ in range(20):
            assert 'requests_total{code="200"} 7\n' in server.text("/metrics")
        assert server.resident_bytes() - before < 40 << 20
    finally:
        for client in idle:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_collection_beyond_the_scrapers_timeout_is_refused_in_time(serve, tmp_path):
    fill(tmp_path, 32, 2000, distinct=True)
    server = serve(tmp_path)
    status, headers, body = server.get("/metrics", {"X-Prometheus-Scrape-Timeout-Seconds": "0.005"})
    assert (status, headers["Retry-After"]) == (503, "1")
    assert b"scrape timeout" in body
    assert server.text("/metrics").count("\nrequests_total{") == 64000


def test_little_address_space_is_no_fault_of_the_directory(serve, tmp_path):
    """malloc() sets errno where it takes another way and succeeds: no sign that the listing broke off."""
    fill(tmp_path, 60, 1, distinct=False)
    server = serve(tmp_path)
    pages = int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (32 << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, limit))
    assert server.text("/readyz") == "ok\n"
    assert " 60\n" in server.text("/metrics")


def test_unusable_timeout_header_is_ignored_and_logged(serve, directory):
    server = serve(directory)
    assert server.get("/metrics", {"X-Prometheus-Scrape-Timeout-Seconds": "soon"})[0] == 200
    server.wait_for(rb'X-Prometheus-Scrape-Timeout-Seconds "soon" is ignored')


def test_what_strangers_name_commands_no_terminal_and_makes_no_line_of_the_log(serve, directory):
    (directory / "counter_\x1b[31m\nweir: info: forged.db").write_bytes(b"garbage")
    server = serve(directory)
    assert server.get("/metrics", {"X-Prometheus-Scrape-Timeout-Seconds": "\x1b[31m\x9b5n"})[0] == 200
    server.wait_for(rb"\\x1b\[31m\\x9b5n\" is ignored")
    assert "\x1b" not in server.text("/readyz")
    server.wait_for(rb"skipped: .*\\x1b\[31m\\x0aweir: info: forged.db")
    assert not re.search(rb"[\x1b\x9b]|\nweir: info: forged", server.log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_signal_ends_it_with_zero(serve, directory, number):
    server = serve(directory)
    idle = server.connect()
    assert server.stop(number) == 0
    idle.close()


def test_sigterm_finishes_the_response_in_flight(serve, tmp_path):
    fill(tmp_path, 64, 2000, distinct=True)
    server = serve(tmp_path)
    with server.connect() as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n")
        got = client.recv(1000)
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionError):  # refused, or reset while it waited: the stop has begun
            while True:
                server.connect().close()
        while b"\r\n\r\n" not in got or len(got) - got.index(b"\r\n\r\n") - 4 < int(
                re.search(rb"Content-Length: (\d+)", got).group(1)):
            more = client.recv(1 << 20)
            assert more, "the response was cut"
            got += more
    assert got.count(b"\nrequests_total{") == 128000
    assert server.process.wait(timeout=20) == 0


def test_clients_that_vanish_in_the_middle_cost_nothing(serve, tmp_path):
    fill(tmp_path, 16, 2000, distinct=True)
    server = serve(tmp_path)
    for _ in range(30):
        with server.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close resets
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n")
            client.recv(10)
    assert server.text("/metrics").count("\nrequests_total{") == 32000


def test_many_scrapers_at_once_all_get_everything(serve, tmp_path):
    fill(tmp_path, 8, 1000, distinct=True)
    server = serve(tmp_path)
    counts = []
    scrapers = [threading.Thread(target=lambda: counts.extend(
        server.text("/metrics").count("\nrequests_total{") for _ in range(10))) for _ in range(16)]
    for scraper in scrapers:
        scraper.start()
    for scraper in scrapers:
        scraper.join()
    assert counts == [8000] * 160


def test_memory_on_128000_distinct_series_stays_within_60_mb(serve, tmp_path):
    fill(tmp_path, 64, 2000, distinct=True)
    server = serve(tmp_path)
    for headers in ({}, {"Accept-Encoding": "gzip"}, {}, {"Accept": "application/openmetrics-text"}):
        assert server.get("/metrics", headers)[0] == 200
    assert server.resident_bytes() <= 60 << 20, f"{server.resident_bytes() / (1 << 20):.1f} MB"


@pytest.mark.parametrize("arguments, environment, words", [
    ([], {}, ["--dir", "PROMETHEUS_MULTIPROC_DIR"]),
    (["--dir", ""], {}, ["--dir"]),
    (["--dir", "/tmp", "--listen", "9091"], {}, ['"9091"', "127.0.0.1:9091"]),
    (["--dir", "/tmp", "--listen", "127.0.0.1:99999"], {}, ['"99999"', "65535"]),
    (["--dir", "/tmp", "--listen", "::1:9091"], {}, ["::1:9091", "[::1]:9091"]),
    (["--dir", "/tmp", "--listen", "no-such-host.invalid:0"], {}, ["no-such-host.invalid"]),
    (["--dir", "/tmp"], {"PROMETHEUS_METRICS_PORT": "http"}, ["PROMETHEUS_METRICS_PORT", '"http"', "1 to 65535"]),
    (["--dir", "/tmp"], {"PROMETHEUS_METRICS_PORT": "70000"}, ["PROMETHEUS_METRICS_PORT", '"70000"', "1 to 65535"]),
    (["--dir", "/tmp"], {"PROMETHEUS_BIND_ADDRESS": "0.0.0.0:80"}, ["PROMETHEUS_BIND_ADDRESS", "0.0.0.0:80"]),
    (["--dir", "/tmp", "--port", "1"], {}, ["--port"]),
])
def test_bad_usage_ends_with_two_and_says_what_is_right(weir, arguments, environment, words):
    result = weir("serve", *arguments, env=environment)
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith("weir: ")
    for word in words:
        assert word in result.stderr


def test_environment_chooses_where_it_listens_and_the_flag_wins(directory):
    from conftest import Server
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {"PROMETHEUS_BIND_ADDRESS": "localhost", "PROMETHEUS_METRICS_PORT": str(port)}
    server = Server("--dir", directory, env=environment)
    try:
        assert server.port == port
    finally:
        server.close()
    server = Server("--dir", directory, "--listen", "127.0.0.1:0", env={"PROMETHEUS_METRICS_PORT": "nonsense"})
    server.close()


def test_port_in_use_is_named(weir, directory):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        result = weir("serve", "--dir", directory, "--listen", address)
    assert result.returncode == 1
    assert address in result.stderr and "in use" in result.stderr
