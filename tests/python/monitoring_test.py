"""Dashboards and alert rules against what runs: every query of every panel is asked of a real Prometheus that scrapes a
Gunicorn and its Redis through `weir serve`, and has an answer."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest
import yaml
from gunicorn_servers import CLEAN, WEIR, Gunicorn, Load, wait_until
from redis_servers import RedisServer, free_port

CONTRIB = pathlib.Path(__file__).resolve().parents[2] / "contrib"
DASHBOARDS = sorted((CONTRIB / "grafana").glob("*.json"))
VARIABLES = {"$job": ".+", "$__rate_interval": "30s"}


def expressions(dashboard):
    """(panel, query) with Grafana's variables replaced as Grafana replaces them."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            yield panel["title"], query


@pytest.fixture
def prometheus(tmp_path):
    """start(port of weir serve, seconds between scrapes) gives the function that asks Prometheus' API; with the house's
    own rules."""
    started = []

    def start(target):
        port, folder = free_port(), tmp_path / "prometheus"
        shutil.copytree(CONTRIB / "prometheus", folder)
        configuration = folder / "prometheus.yml"
        text = configuration.read_text()
        assert text.count("127.0.0.1:9091") == 2
        configuration.write_text(text.replace("127.0.0.1:9091", f"127.0.0.1:{target}").replace("15s", "1s"))
        started.append(subprocess.Popen(
            [shutil.which("prometheus"), f"--config.file={configuration}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        def ask(path, **parameters):
            try:
                asked = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
                with urllib.request.urlopen(asked, timeout=10) as response:
                    return json.load(response)["data"]
            except urllib.error.HTTPError as error:
                if error.code == 503:  # it starts
                    return None
                raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from error
            except OSError:
                return None  # not up yet

        return ask

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=30)


@pytest.fixture
def exporter(tmp_path):
    """start(url) serves a Redis; gives the port."""
    started = []

    def start(url):
        port = free_port()
        started.append(subprocess.Popen([WEIR, "serve", "--redis", url, "--fold", "weir", "--listen",
                                         f"127.0.0.1:{port}"],
                                        env=CLEAN, stderr=subprocess.DEVNULL))
        return port

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=30)


def test_every_panel_has_an_answer(tmp_path, prometheus, exporter):
    with RedisServer() as redis:
        url = redis.environment()["PROMETHEUS_REDIS_URL"]
        with Gunicorn(tmp_path, place=redis.environment(), workers=2) as gunicorn:
            ask = prometheus(exporter(url))
            empty = {}

            def all_answer():
                """Counting goes on meanwhile: a rate needs two scrapes with something between."""
                Load(gunicorn.port).run(20)
                gunicorn.fetch(gunicorn.port, "/fail")
                urllib.request.urlopen(f"http://127.0.0.1:{gunicorn.port}/", data=b"a body", timeout=20).close()
                empty.clear()
                for path in DASHBOARDS:
                    for title, query in expressions(json.loads(path.read_text())):
                        found = ask("query", query=query)
                        if not found or not found["result"] or all(r["value"][1] == "NaN" for r in found["result"]):
                            empty[f"{path.name}: {title}"] = query
                return not empty

            try:
                wait_until(all_answer, "every panel shows something", seconds=60)
            except AssertionError as error:
                raise AssertionError(f"{error}: {empty}") from error
            rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
            assert len(rules) == (CONTRIB / "prometheus" / "weir-alerts.yml").read_text().count("- alert:")
            assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
            jobs = ask("query", query="count by (job) (up == 1)")["result"]
            assert {found["metric"]["job"] for found in jobs} == {"app", "weir"}


@pytest.mark.parametrize("arguments", [["check", "rules", "weir-alerts.yml"], ["check", "config", "prometheus.yml"],
                                       ["test", "rules", "weir-alerts-test.yml"]], ids=" ".join)
def test_promtool_accepts(arguments):
    done = subprocess.run([shutil.which("promtool"), *arguments], cwd=CONTRIB / "prometheus", capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


def test_every_alert_is_tested_and_explained():
    alerts = re.findall(r"- alert: (\w+)", (CONTRIB / "prometheus" / "weir-alerts.yml").read_text())
    tested = (CONTRIB / "prometheus" / "weir-alerts-test.yml").read_text()
    explained = (CONTRIB.parent / "docs" / "monitoring.md").read_text()
    assert [a for a in alerts if f'alertname="{a}"' not in tested or f"`{a}`" not in explained] == []
    assert len(set(alerts)) == len(alerts) > 10


def test_the_page_shows_the_configuration_that_is_tested():
    shown = re.search(r"```yaml file=prometheus.yml\n(.*?)```", (CONTRIB.parent / "docs" / "monitoring.md").read_text(),
                      re.DOTALL)[1]
    kept = yaml.safe_load((CONTRIB / "prometheus" / "prometheus.yml").read_text())
    assert yaml.safe_load(shown)["scrape_configs"] == kept["scrape_configs"]


def test_the_dashboards_are_what_their_program_writes():
    done = subprocess.run([sys.executable, CONTRIB / "grafana" / "make.py", "--check"], capture_output=True, text=True,
                          timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    for path in DASHBOARDS:
        panels = json.loads(path.read_text())["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels) > 15
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
