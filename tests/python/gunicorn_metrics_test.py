"""What Gunicorn's workers and master show: names, labels and their bounds, where it is served, and where not."""
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import urllib.request

import pytest
from certificates import certificates
from gunicorn_servers import (CLEAN, CURRENT, FULL, PACKAGES, WEIR, Gunicorn, Load, files, label_values, total,
                              wait_until)
from redis_servers import RedisServer, free_port

from gunicorn_prometheus_exporter.config.checks import SettingError
from gunicorn_prometheus_exporter.directories import prepare_directory

NAMES = {  # name: type, under which dashboards query it
    "gunicorn_worker_requests_total": "counter", "gunicorn_worker_request_duration_seconds": "histogram",
    "gunicorn_worker_requests_in_progress": "gauge", "gunicorn_worker_memory_bytes": "gauge",
    "gunicorn_worker_cpu_percent": "gauge", "gunicorn_worker_uptime_seconds": "gauge",
    "gunicorn_worker_failed_requests_total": "counter", "gunicorn_worker_error_handling_total": "counter",
    "gunicorn_worker_state": "gauge", "gunicorn_worker_request_size_bytes": "histogram",
    "gunicorn_worker_response_size_bytes": "histogram", "gunicorn_worker_restart_total": "counter",
    "gunicorn_worker_restart_count_total": "counter", "gunicorn_master_worker_restart_total": "counter",
    "gunicorn_master_worker_restart_count_total": "counter",
}


def ask(port, path, method="GET", body=None):
    """The status of an answer; None where none came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def raw(port, request):
    """The first line of what answers these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        return connection.makefile("rb").readline().decode()


def test_every_metric_has_the_name_and_type_dashboards_query(tmp_path):
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=2) as gunicorn:
        gunicorn.wait_for_workers()
        ask(gunicorn.port, "/fail")
        gunicorn.signal(signal.SIGQUIT, gunicorn.workers()[0])
        gunicorn.signal(signal.SIGTTIN)
        wait_until(lambda: total(gunicorn.scrape(), "gunicorn_master_worker_restart_count_total") == 1, "one ended")
        body = gunicorn.fetch(gunicorn.metrics_port, "/metrics")
        types = dict(re.findall(r"^# TYPE (gunicorn_\S+) (\S+)$", body, re.M))
        assert types == NAMES
        found = gunicorn.scrape()
        assert total(found, "gunicorn_worker_restart_total", reason="quit") == 1
        assert total(found, "gunicorn_worker_restart_count_total", reason="quit", restart_type="graceful") == 1
        assert total(found, "gunicorn_master_worker_restart_total", reason="ttin") == 1


def test_a_failure_is_counted_by_its_class_and_a_bad_request_as_handled_error(tmp_path):
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=1) as gunicorn:
        assert ask(gunicorn.port, "/fail") == 500
        ask(gunicorn.port, "/late")
        ask(gunicorn.port, "/fail", "BREW")
        assert raw(gunicorn.port, b"GET / HTTP/9.9\r\n\r\n").startswith("HTTP/1.1 400")
        found = gunicorn.read()
        failed = {"error_type": "ValueError", "endpoint": "", "worker_id": "worker_1"}
        name = "gunicorn_worker_failed_requests_total"
        assert total(found, name, method="GET", **failed) == 2, "/fail and /late"
        assert total(found, name, method="OTHER", **failed) == 1, "no client makes label values"
        assert total(found, name) == 3
        handled = "gunicorn_worker_error_handling_total"
        assert total(found, handled, **failed) == 2, "/late had begun its answer"
        assert total(found, handled, method="UNKNOWN", error_type="InvalidHTTPVersion") == 1
        reached = total(found, "gunicorn_worker_requests_total")
        assert reached == 3 + gunicorn.answered, "the bad request reached no application"
        assert total(found, "gunicorn_worker_request_duration_seconds_count") == 3 + gunicorn.answered
        assert total(found, "gunicorn_worker_requests_in_progress") == 0


def test_requests_over_http2_are_measured_as_others_are(tmp_path):
    settings = "http_protocols = 'h2,h1'\nhttp2_cleartext = 'upgrade'"
    with Gunicorn(tmp_path, "gthread", place=files(tmp_path / "metrics"), workers=1, settings=settings) as gunicorn:
        for path, code in (("/", "200"), ("/fail", "500")):
            asked = subprocess.run(["curl", "-s", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
                                    f"http://127.0.0.1:{gunicorn.port}{path}"], capture_output=True, text=True,
                                   timeout=60)
            assert asked.stdout == f"2 {code}", gunicorn.log()
        reached = gunicorn.answered + 2
        duration = "gunicorn_worker_request_duration_seconds_count"  # made when the answer is out
        wait_until(lambda: total(gunicorn.read(), duration) == reached, "both are timed")
        found = gunicorn.read()
        assert total(found, "gunicorn_worker_requests_total") == reached
        assert total(found, "gunicorn_worker_failed_requests_total", method="GET", error_type="ValueError") == 1
        assert total(found, "gunicorn_worker_requests_in_progress") == 0


def test_a_logger_whose_access_cannot_be_set_costs_the_sizes_alone(tmp_path):
    settings = """
from gunicorn.glogging import Logger

class Fixed(Logger):
    @property
    def access(self):
        return super().access

logger_class = Fixed
"""
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=1, settings=settings) as gunicorn:
        assert total(gunicorn.read(), "gunicorn_worker_requests_total") == gunicorn.answered >= 1
        assert "[WARNING] sizes of requests and responses are not measured: Fixed: " in gunicorn.log()


def test_paths_are_labels_by_template_alone(tmp_path):
    settings = {"GUNICORN_ENDPOINTS": "/users/{id}, /{shop}/items/{id}"}
    application = "failing:app"
    (tmp_path / "failing.py").write_text("def app(environ, start_response):\n"
                                         "    if environ['PATH_INFO'] == '/':\n        start_response('200 OK', [])\n"
                                         "        return []\n    raise KeyError('x')\n")
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=1, environment=settings,
                  application=application) as gunicorn:
        for path in ("/users/1", "/users/2?page=3", "/users/1/2", "/berlin/items/7", "/else", "/.users"):
            assert ask(gunicorn.port, path) == 500
        found = gunicorn.read()
        counted = {endpoint: total(found, "gunicorn_worker_failed_requests_total", endpoint=endpoint)
                   for endpoint in label_values(found, "endpoint")}
        assert counted == {"/users/{id}": 2, "/{shop}/items/{id}": 1, "other": 3}


def test_sizes_and_durations_are_of_each_request(tmp_path):
    with Gunicorn(tmp_path, "gthread", place=files(tmp_path / "metrics"), workers=1) as gunicorn:
        count = "gunicorn_worker_response_size_bytes_count"  # made when the answer is out
        wait_until(lambda: total(gunicorn.read(), count) == gunicorn.answered, "the first ones are counted")
        before = gunicorn.read()
        for size in (0, 5000, 2000000):
            assert ask(gunicorn.port, "/", "POST", b"x" * size) == 200

        def more(name, **labels):
            return total(gunicorn.read(), name, **labels) - total(before, name, **labels)

        wait_until(lambda: more(count) == 3, "the last one is counted")
        assert more("gunicorn_worker_request_size_bytes_sum") == 2005000
        assert more("gunicorn_worker_request_size_bytes_bucket", le="4096.0") == 1
        assert more("gunicorn_worker_response_size_bytes_bucket", le="16384.0") == 2
        assert more("gunicorn_worker_request_duration_seconds_count") == 3


@pytest.mark.parametrize("worker", ["sync", "gevent"] if FULL else ["sync"])
def test_gauges_are_of_living_workers_alone_and_no_label_grows(tmp_path, worker):
    with Gunicorn(tmp_path, worker, place=files(tmp_path / "metrics"), workers=2) as gunicorn:
        for _ in range(3):
            gunicorn.wait_for_workers()
            victims = gunicorn.workers()
            for pid in victims:
                gunicorn.signal(signal.SIGKILL, pid)
            wait_until(lambda: len(gunicorn.workers()) == 2 and not set(victims) & set(gunicorn.workers()), "others")
        gunicorn.wait_for_workers()
        found = wait_until(lambda: (now := gunicorn.scrape())
                           and total(now, "gunicorn_worker_state", state="running") == 2 and now,
                           "two run")
        assert label_values(found, "worker_id") == {"worker_1", "worker_2"}
        assert "pid" not in {name for _, pairs in found for name, _ in pairs}
        for place in ("worker_1", "worker_2"):
            assert 5e6 < total(found, "gunicorn_worker_memory_bytes", worker_id=place) < 5e8
            assert 0 <= total(found, "gunicorn_worker_uptime_seconds", worker_id=place) < 60
            assert 0 <= total(found, "gunicorn_worker_cpu_percent", worker_id=place) < 400
        idle = total(found, "gunicorn_worker_uptime_seconds", worker_id="worker_1")
        wait_until(lambda: total(gunicorn.scrape(), "gunicorn_worker_uptime_seconds", worker_id="worker_1") > idle,
                   "the uptime of an idle worker grows")
        assert not list((tmp_path / "metrics").glob(f"gauge_live*_{victims[0]}.db")), "the dead are marked"


@pytest.mark.parametrize("settings", [{"SIDECAR_MODE": "true"}, None], ids=["SIDECAR_MODE", "redis_sidecar_when_ready"])
def test_in_sidecar_mode_weir_serve_serves_and_gunicorn_does_not(tmp_path, settings):
    hooks = "from gunicorn_prometheus_exporter.hooks import *\n"
    hooks += f"when_ready = {'default_when_ready' if settings else 'redis_sidecar_when_ready'}\n"
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), hooks=hooks, environment=settings,
                  workers=1) as gunicorn:
        Load(gunicorn.port, threads=2).run(20)
        assert gunicorn.scrape() is None
        port = free_port()
        sidecar = subprocess.Popen([WEIR, "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**CLEAN, **gunicorn.place, "PROMETHEUS_METRICS_PORT": str(port)})
        try:
            body = wait_until(lambda: Gunicorn.fetch(port, "/metrics"), "weir serve answers")
            assert f'gunicorn_worker_requests_total{{worker_id="worker_1"}} {20 + gunicorn.answered}\n' in body
        finally:
            sidecar.terminate()
            sidecar.wait(timeout=20)


def test_redis_when_ready_serves_what_is_in_redis(tmp_path):
    hooks = "from gunicorn_prometheus_exporter.hooks import redis_when_ready\nwhen_ready = redis_when_ready\n"
    with RedisServer(password="secret-42") as redis:
        place = {**redis.environment(), "WEIR_FLUSH_INTERVAL": "0.1", "REDIS_KEY_PREFIX": "shop"}
        with Gunicorn(tmp_path, place=place, hooks=hooks, workers=2) as gunicorn:
            answered = Load(gunicorn.port).run(50).answered + gunicorn.answered
            wait_until(lambda: total(gunicorn.scrape() or {}, "gunicorn_worker_requests_total") == answered,
                       "all are served")
            assert redis.keys("shop:counter:*:metric:*")
            assert not list(tmp_path.glob("**/*.db")), "and there are no files"
            assert "secret-42" not in gunicorn.log()


def ended(tmp_path, **environment):
    """What a Gunicorn says that does not start."""
    gunicorn = Gunicorn(tmp_path, place=files(tmp_path / "metrics"), environment=environment)
    with pytest.raises(AssertionError, match="Gunicorn ended"):
        gunicorn.__enter__()
    return gunicorn.log()


@pytest.mark.parametrize("environment, said", [
    ({"PROMETHEUS_METRICS_PORT": "none"}, "PROMETHEUS_METRICS_PORT='none': must be a whole number from 1 to 65535"),
    ({"REDIS_PORT": "0"}, 'REDIS_PORT="0": must be a whole number from 1 to 65535'),
    ({"PROMETHEUS_MULTIPROC_DIR": "/dev/null/metrics"}, "PROMETHEUS_MULTIPROC_DIR=/dev/null/metrics: Not a directory"),
    ({"PROMETHEUS_SSL_CERTFILE": "/etc/cert.pem"}, "TLS: PROMETHEUS_SSL_KEYFILE is not set"),
    ({"PROMETHEUS_SSL_CERTFILE": "/no/cert.pem", "PROMETHEUS_SSL_KEYFILE": "/no/key.pem"}, "PROMETHEUS_SSL_CERTFILE"),
])
def test_a_setting_that_cannot_be_used_ends_the_start_and_is_named(tmp_path, environment, said):
    log = ended(tmp_path, **environment)
    assert said in log and "Traceback" not in log


def test_a_configuration_that_imports_the_package_in_a_hook_alone_has_a_measured_master_too(tmp_path):
    """As the quick start of gunicorn-prometheus-exporter has it: Gunicorn has made its own master by then."""
    hooks = ("def when_ready(server):\n    from gunicorn_prometheus_exporter.hooks import default_when_ready\n"
             "    default_when_ready(server)\n")
    with Gunicorn(tmp_path, place={}, hooks=hooks, workers=2) as gunicorn:
        gunicorn.wait_for_workers()
        load = Load(gunicorn.port).run(40)
        victim = gunicorn.workers()[0]
        gunicorn.signal(signal.SIGKILL, victim)
        wait_until(lambda: total(gunicorn.scrape(), "gunicorn_master_worker_restart_count_total", reason="kill") == 1, "its end")
        found = gunicorn.scrape()
        assert total(found, "gunicorn_worker_requests_total") == load.answered + gunicorn.answered
        assert total(found, "app_answers_total") == load.answered + gunicorn.answered


def test_with_a_certificate_the_metrics_server_speaks_tls_to_those_who_show_theirs(tmp_path):
    made = certificates()
    environment = {"PROMETHEUS_SSL_CERTFILE": str(made.server.certificate), "PROMETHEUS_SSL_KEYFILE": str(made.server.key),
                   "PROMETHEUS_SSL_CLIENT_CAFILE": str(made.client.authority), "PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED": "true"}

    def scrape(identity):
        context = ssl.create_default_context(cafile=made.server.authority)
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.key)
        with urllib.request.urlopen(f"https://127.0.0.1:{gunicorn.metrics_port}/metrics", timeout=20, context=context) as response:
            return response.read()

    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), environment=environment, workers=1) as gunicorn:
        gunicorn.wait_for_workers()
        assert f"metrics at https://127.0.0.1:{gunicorn.metrics_port}/metrics" in gunicorn.log()
        assert b"gunicorn_worker_requests_total" in scrape(made.client)
        for refused in (None, made.stranger):
            with pytest.raises(OSError):
                scrape(refused)
        assert " 400 " in raw(gunicorn.metrics_port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "no plain HTTP"


def test_a_directory_for_another_user_is_theirs_and_one_they_may_not_write_to_is_named(tmp_path, monkeypatch):
    assert os.geteuid() == 0, "a master that gives its workers another user is root's: run this as root"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "metrics"))
    prepare_directory(65534, 65533)
    made = (tmp_path / "metrics").stat()
    assert (made.st_uid, made.st_gid) == (65534, 65533)
    prepare_directory(65534, 65533)
    with pytest.raises(SettingError,
                       match=f"metrics: workers run as user 1 and group 1, who may not write.*; chown 1:1 {tmp_path}"):
        prepare_directory(1, 1)
    (tmp_path / "metrics").chmod(0o775)
    prepare_directory(1, 65533)
    prepare_directory(0, 0)


def test_a_worker_without_a_free_descriptor_goes_on(tmp_path):
    code = ("import os, resource\nfrom gunicorn_prometheus_exporter.measures import WorkerMeasures\n"
            "measures = WorkerMeasures('worker_1')\nmeasures.refresh()\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
            "try:\n    os.open('/', os.O_RDONLY)\nexcept OSError:\n    measures.refresh()\n    print('goes on')\n")
    done = subprocess.run([CURRENT, "-c", code], env={**CLEAN, **files(tmp_path), "PYTHONPATH": PACKAGES}, capture_output=True,
                          text=True, timeout=60)
    assert done.stdout == "goes on\n", done.stderr


LABELLED = """
import prometheus_client
paths = prometheus_client.Summary("app_paths", "Requests by path.", ["path"])  # no worker has a file of that kind yet
def app(environ, start_response):
    if environ["PATH_INFO"] != "/":
        paths.labels(environ["PATH_INFO"]).observe(1)
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\\n"]
"""


def test_a_directory_that_goes_under_running_workers_costs_no_answer(tmp_path):
    (tmp_path / "labelled.py").write_text(LABELLED)
    metrics = tmp_path / "metrics"
    with Gunicorn(tmp_path, place=files(metrics), workers=1, application="labelled:app") as gunicorn:
        gunicorn.wait_for_workers()
        shutil.rmtree(metrics)
        metrics.write_text("in its place")  # so that nobody makes it anew
        assert [ask(gunicorn.port, path) for path in ("/new", "/new", "/other")] == [200] * 3
        assert "metric app_paths: kept in this process's memory only" in gunicorn.log()
        victim = gunicorn.workers()[0]
        gunicorn.signal(signal.SIGHUP)
        wait_until(lambda: victim not in gunicorn.workers() and gunicorn.workers(), "a reload ends nothing that runs")
        assert re.search(r"\[ERROR\] reload: PROMETHEUS_MULTIPROC_DIR=.*: File exists; it must be a directory", gunicorn.log())
        metrics.unlink()
        victim = gunicorn.workers()[0]
        gunicorn.signal(signal.SIGKILL, victim)
        wait_until(lambda: victim not in gunicorn.workers() and gunicorn.workers(), "another worker")
        assert [ask(gunicorn.port, path) for path in ("/", "/new", "/new")] == [200] * 3
        found = gunicorn.scrape()
        assert total(found, "app_paths_count") == 2 and total(found, "gunicorn_worker_requests_total") == 3


def test_a_metrics_port_that_is_taken_is_told_once_and_taken_when_it_is_free(tmp_path):
    """Without a directory named: that is told too, in Gunicorn's log as its own lines are."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        environment = {"PROMETHEUS_METRICS_PORT": str(other.getsockname()[1])}
        with Gunicorn(tmp_path, place={}, environment=environment, workers=1) as gunicorn:
            gunicorn.metrics_port = other.getsockname()[1]
            assert "metrics at http" not in gunicorn.log()
            Load(gunicorn.port, threads=1).run(5)
            other.close()
            assert total(wait_until(gunicorn.scrape, "the port is taken"), "gunicorn_worker_requests_total") >= 5
            assert gunicorn.log().count("trying again every second") == 1
            line = r"^\[\d{4}-\d\d-\d\d [\d:]{8} [+-]\d{4}\] \[\d+\] \[WARNING\] "
            assert re.search(f"{line}.*trying again every second$", gunicorn.log(), re.M)
            place = f"{tmp_path}/.gunicorn_prometheus"
            assert re.search(f"{line}PROMETHEUS_MULTIPROC_DIR is not set: metrics lie in {place}",
                             gunicorn.log(), re.M)


def test_workers_do_not_keep_the_metrics_port(tmp_path):
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=2) as gunicorn:
        gunicorn.wait_for_workers()
        inodes = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
                  if line.split()[1].endswith(f":{gunicorn.metrics_port:04X}") and line.split()[3] == "0A"}
        assert len(inodes) == 1

        def has_it(pid):
            descriptors = pathlib.Path(f"/proc/{pid}/fd").iterdir()
            return any(str(one.readlink()) == f"socket:[{next(iter(inodes))}]" for one in descriptors)

        assert has_it(gunicorn.master()) and not any(has_it(pid) for pid in gunicorn.workers())


def test_an_application_on_the_same_port_of_another_address_keeps_its_socket(tmp_path):
    gunicorn = Gunicorn(tmp_path, place=files(tmp_path / "metrics"), workers=2,
                        environment={"PROMETHEUS_BIND_ADDRESS": "127.0.0.2"})
    gunicorn.metrics_port = gunicorn.port
    with gunicorn:
        assert Load(gunicorn.port).run(20).answered == 20
        with urllib.request.urlopen(f"http://127.0.0.2:{gunicorn.port}/metrics", timeout=20) as response:
            assert b"gunicorn_worker_requests_total" in response.read()


def test_what_is_at_the_top_of_the_package_is_what_the_documents_import():
    code = ("import gunicorn_prometheus_exporter as g, gunicorn.app.base\n"
            "assert gunicorn.app.base.Arbiter is g.PrometheusMaster\n"
            "from gunicorn_prometheus_exporter import *\n"
            "assert get_config().prometheus_metrics_port == 9091\n"
            "from gunicorn_prometheus_exporter.plugin import PrometheusWorker as P; assert P is PrometheusWorker\n"
            "assert g.GEVENT_AVAILABLE and g.get_prometheus_gevent_worker() is PrometheusGeventWorker\n"
            "assert not g.EVENTLET_AVAILABLE and g.get_prometheus_eventlet_worker() is None\n")
    done = subprocess.run([CURRENT, "-c", code], env={**CLEAN, "PYTHONPATH": PACKAGES}, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
