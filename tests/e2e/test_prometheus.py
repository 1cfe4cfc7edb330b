"""A real Prometheus scrapes `weir serve` while stock Python processes count, and is asked for the sum."""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from conftest import CLEAN
from secure_server import USUAL, SecureServer, certificates, tls_section

WORKER = """
import sys
from prometheus_client import Counter, Histogram
counter = Counter("work_done", "Work.", ["kind"])
seconds = Histogram("work_seconds", "Time.", buckets=[0.1, 1.0])
for _ in range(int(sys.argv[1])):
    counter.labels("real").inc()
    seconds.observe(0.5)
"""


@pytest.fixture
def prometheus(tmp_path):
    """Starts a Prometheus that scrapes jobs (in YAML's flow style) every second; gives the function that queries it."""
    started = []

    def start(*jobs):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        config = tmp_path / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
                          "scrape_configs: [%s]\n" % ", ".join(jobs))
        started.append(subprocess.Popen(
            [shutil.which("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        def query(expression):
            url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
            try:
                with urllib.request.urlopen(url, timeout=5) as response:
                    result = json.load(response)["data"]["result"]
            except (urllib.error.URLError, ConnectionError):
                return None  # not up yet
            return float(result[0]["value"][1]) if result else None

        return query

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def secure(tmp_path):
    """A server with TLS that wants a client certificate of one name, and a password; and how Prometheus scrapes it."""
    known = certificates()
    server = SecureServer(tmp_path, tmp_path / "metrics", tls_section(
        known.server, client_auth_type="RequireAndVerifyClientCert", client_ca_file=known.authority,
        client_allowed_sans="[client.example.org]") + f"basic_auth_users: {{prom: {USUAL}}}\n")
    job = (f"{{job_name: secure, scheme: https, static_configs: [{{targets: ['localhost:{server.port}']}}], "
           f"basic_auth: {{username: prom, password: secret}}, tls_config: {{ca_file: {known.authority}, "
           f"cert_file: {known.client.certificate}, key_file: {known.client.key}}}}}")
    without_certificate = job.replace("job_name: secure", "job_name: stranger").replace(
        f"cert_file: {known.client.certificate}, key_file: {known.client.key}", "server_name: localhost")
    yield job, without_certificate
    server.close()


def test_prometheus_answers_with_what_was_counted(serve, secure, prometheus, tmp_path):
    """Over plain HTTP, and over TLS with a certificate and a password; without the certificate it gets nothing."""
    metrics = pathlib.Path(tmp_path) / "metrics"
    metrics.mkdir()
    server = serve(metrics)
    query = prometheus(f"{{job_name: weir, static_configs: [{{targets: ['127.0.0.1:{server.port}']}}]}}", *secure)
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, str(amount)],
                                env={**CLEAN, "PROMETHEUS_MULTIPROC_DIR": str(metrics)})
               for amount in (1000, 2000, 3000)]
    for worker in workers:
        assert worker.wait(timeout=30) == 0
    end = time.monotonic() + 30
    answer = None
    while answer != 12000 and time.monotonic() < end:
        answer = query('sum(work_done_total{kind="real"})')
        time.sleep(0.2)
    assert query('work_done_total{kind="real", job="weir"}') == 6000
    assert query('work_done_total{kind="real", job="secure"}') == 6000
    assert 6000 in (query('work_seconds_bucket{le="1.0", job="weir"}'),
                    query('work_seconds_bucket{le="1", job="weir"}'))
    assert query('work_seconds_sum{job="weir"}') == 3000
    assert (query('up{job="weir"}'), query('up{job="secure"}'), query('up{job="stranger"}')) == (1, 1, 0)
