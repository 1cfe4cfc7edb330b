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
    """Starts a Prometheus that scrapes a port every second; gives the function that queries it."""
    started = []

    def start(target_port):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        config = tmp_path / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
                          "scrape_configs: [{job_name: weir, static_configs: [{targets: ['127.0.0.1:%d']}]}]\n" % target_port)
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


def test_prometheus_answers_with_what_was_counted(serve, prometheus, tmp_path):
    metrics = pathlib.Path(tmp_path) / "metrics"
    metrics.mkdir()
    server = serve(metrics)
    query = prometheus(server.port)
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, str(amount)], env={**CLEAN, "PROMETHEUS_MULTIPROC_DIR": str(metrics)})
               for amount in (1000, 2000, 3000)]
    for worker in workers:
        assert worker.wait(timeout=30) == 0
    end = time.monotonic() + 30
    answer = None
    while answer != 6000 and time.monotonic() < end:
        answer = query('work_done_total{kind="real"}')
        time.sleep(0.2)
    assert answer == 6000
    assert query('work_seconds_bucket{le="1.0"}') == 6000 or query('work_seconds_bucket{le="1"}') == 6000
    assert query("work_seconds_sum") == 3000
    assert query('up{job="weir"}') == 1
