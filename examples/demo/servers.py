"""`weir serve` and a real Prometheus, each on a free loopback port, and what they answer."""
import json
import re
import select
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from workers import environment, start

CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: weir
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


def series_text(name, labels):
    """One spelling of a series for all sides: labels sorted, `le` as Prometheus prints numbers (1.0 is 1)."""
    spelled = {label: value.removesuffix(".0") if label == "le" else value for label, value in labels.items()}
    inside = ",".join(f'{label}="{spelled[label]}"' for label in sorted(spelled))
    return f"{name}{{{inside}}}" if inside else name


def _get(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.read().decode()


def _log_tail(path):
    return "\n".join(path.read_text(errors="replace").splitlines()[-5:])


class Weir:
    """`weir serve` on the demo's directory."""

    def __init__(self, demo):
        self.process = start([demo.weir, "serve", "--dir", demo.metrics, "--listen", "127.0.0.1:0"],
                             stderr=subprocess.PIPE, env=environment(demo.metrics))
        demo.children.append(self.process)
        self.url = self._address()

    def _address(self):
        log, end = "", time.monotonic() + 20
        while not (found := re.search(r"on (http://\S+:\d+)/metrics", log)):
            ready, _, _ = select.select([self.process.stderr], [], [], max(0, end - time.monotonic()))
            line = self.process.stderr.readline().decode() if ready else ""
            if not line:
                raise RuntimeError(f"weir serve did not start: {log or 'it said nothing'}")
            log += line
        return found.group(1)

    def values(self):
        """Every series and its value, read by stock Python's parser."""
        families = text_string_to_metric_families(_get(f"{self.url}/metrics"))
        return {series_text(sample.name, sample.labels): sample.value for family in families for sample in family.samples}


class Prometheus:
    """Debian's Prometheus, scraping `weir serve` every second."""

    def __init__(self, demo, target):
        self.log = demo.scratch / "prometheus.log"
        config = demo.scratch / "prometheus.yml"
        config.write_text(CONFIG.format(port=urllib.parse.urlsplit(target).port))
        program = shutil.which("prometheus")
        if program is None:
            raise RuntimeError("there is no prometheus in PATH; Debian's package is called prometheus")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with self.log.open("wb") as log:
            self.process = start([program, f"--config.file={config}", f"--storage.tsdb.path={demo.scratch / 'tsdb'}",
                                  f"--web.listen-address=127.0.0.1:{port}"],
                                 stdout=log, stderr=log, env=environment(demo.metrics), cwd=demo.scratch)
        demo.children.append(self.process)

    def query(self, expression):
        """[(labels, value)] of an instant query; nothing while it starts."""
        if self.process.poll() is not None:
            raise RuntimeError(f"Prometheus ended: {_log_tail(self.log)}")
        try:
            answer = json.loads(_get(f"{self.url}/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise RuntimeError(f"Prometheus refuses the query {expression}: {error.read().decode()}") from error
            return []  # not ready yet
        except (urllib.error.URLError, ConnectionError):
            return []
        return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]

    def wait_for_scrape_after(self, moment, seconds=30):
        """Until it has stored a good scrape that began after that Unix time."""
        end = time.monotonic() + seconds
        up = 'up{job="weir"}'
        while not self.query(f"timestamp({up}) > {moment:.3f} and {up} == 1"):
            if time.monotonic() > end:
                raise RuntimeError(f"Prometheus has not scraped {seconds} s long: {_log_tail(self.log)}")
            time.sleep(0.2)

    def values(self):
        out = {}
        for metric, value in self.query('{__name__=~"demo_.*"}'):
            labels = {label: text for label, text in metric.items() if label not in ("__name__", "job", "instance")}
            out[series_text(metric["__name__"], labels)] = value
        return out

    def resets(self):
        """How often some counter or bucket was seen to fall."""
        names = ("demo_requests_total", "demo_seconds_bucket", "demo_seconds_count", "demo_seconds_sum")
        return sum(int(value) for name in names for _, value in self.query(f"sum(resets({name}[10m]))"))
