"""`weir top` and `weir show --plot`: what stands on a real terminal's screen while real processes count."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import termios
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from redis_servers import RedisServer, free_port, wait_until  # noqa: E402

from conftest import CLEAN, WEIR, entry, write_db  # noqa: E402
from secure_server import CHEAP, SecureServer, certificates, tls_section  # noqa: E402
from terminal import Terminal  # noqa: E402
from test_docs import ROOT, blocks_of, pattern_of, prepare  # noqa: E402

WORKER = r"""
import sys
from prometheus_client import Counter, Histogram, start_http_server
if len(sys.argv) > 1:
    start_http_server(int(sys.argv[1]), "127.0.0.1")
requests = Counter("requests", "Requests served.", ["path"])
took = Histogram("took_seconds", "Time it took.", buckets=(0.1, 1))
print("ready", flush=True)
for line in sys.stdin:
    path, times = line.split()
    for _ in range(int(times)):
        requests.labels(path).inc()
        took.observe(0.05)
    print("counted", flush=True)
"""


class Worker:
    """A process of prometheus_client that counts when told to."""

    def __init__(self, directory=None, port=None):
        environment = {**CLEAN, **({"PROMETHEUS_MULTIPROC_DIR": str(directory)} if directory else {})}
        self.process = subprocess.Popen([sys.executable, "-c", WORKER, *([str(port)] if port else [])], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout.readline() == "ready\n"

    def count(self, path, times):
        self.process.stdin.write(f"{path} {times}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "counted\n"

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def worker(tmp_path):
    """Starts workers; none outlives the test."""
    workers = []

    def start(**where):
        workers.append(Worker(**(where or {"directory": tmp_path})))
        return workers[-1]

    yield start
    for one in workers:
        one.kill()


def row(terminal, name, kind, value, rate, change):
    """Waits for a row of the list of metrics; its rate, which `rate` is a pattern of."""
    cells = r" +".join([kind, re.escape(value), f"({rate})", re.escape(change)])
    return terminal.until(rf"^{re.escape(name)} +{cells}$").group(1)


def names(terminal):
    """The first word of each row under the heading."""
    lines = terminal.lines()
    top = next((i for i, line in enumerate(lines) if re.match("METRIC|FAMILY|WRITER|HISTOGRAM", line)), len(lines))
    return [line.split()[0] for line in lines[top + 1:-1] if line]


def until_names(terminal, expected):
    wait_until(lambda: names(terminal) == expected or (terminal.pump(0.1) and False), f"{expected} in that order")


def test_what_two_workers_count_is_shown_with_its_rate(worker, tmp_path):
    first, second = worker(), worker()
    first.count("/a", 5)
    with Terminal("top", "--dir", tmp_path, "--interval", 60) as terminal:
        row(terminal, 'requests_total{path="/a"}', "counter", "5", "-", "0")
        terminal.until("2 families, 2 metrics; writers: 2 alive, 0 dead")
        first.count("/a", 30)
        second.count("/a", 12)
        terminal.read_again()
        rate = row(terminal, 'requests_total{path="/a"}', "counter", "47", r"\S+", "+42")
        elapsed = float(terminal.until(r"reading 2, (\S+) s").group(1))
        assert float(rate) * elapsed == pytest.approx(42, rel=0.0006 + 0.0006 / elapsed), "to four digits and a millisecond"
        second.count("/b", 7)
        terminal.read_again()
        row(terminal, 'requests_total{path="/b"}', "counter", "7", r"[1-9]\S*", "+7")  # a new child began at 0
        row(terminal, 'requests_total{path="/a"}', "counter", "47", "0", "+42")
        terminal.type("3")
        terminal.until(r"took_seconds +54 ")
        terminal.type("\n")
        terminal.until(r"of all: +p50 0.05  p90 0.09  p99 0.099")
        terminal.until(r"^ +35  alive +\d+$"), terminal.until(r"^ +19  alive +\d+$")
        terminal.type("\x1b")
        terminal.until("^HISTOGRAM ")
        terminal.type("q")
        assert terminal.end() == 0
        assert terminal.is_given_back()


def test_a_killed_worker_is_seen_dying(worker, tmp_path):
    first, second = worker(), worker()
    first.count("/a", 1)
    second.count("/a", 1)
    with Terminal("top", "--dir", tmp_path, "--interval", 0.2, "--view", "writers") as terminal:
        terminal.until("writers: 2 alive, 0 dead")
        first.kill()
        terminal.until("writers: 1 alive, 1 dead")
        terminal.until(rf"^{first.process.pid} +dead")
        terminal.until(rf"^{second.process.pid} +alive")


@pytest.fixture
def three(tmp_path):
    """A directory with three counters and a gauge."""
    write_db(tmp_path / "counter_101.db", [entry(name, {}, value, sample=f"{name}_total")
                                           for name, value in (("apples", 3.0), ("pears", 30.0), ("plums", 20.0))])
    write_db(tmp_path / "gauge_max_101.db", [entry("temperature", {}, 21.5)])
    return tmp_path


def test_keys_order_filter_and_help(three):
    with Terminal("top", "--dir", three, "--order", "value") as terminal:
        terminal.until("apples_total")
        until_names(terminal, ["pears_total", "temperature", "plums_total", "apples_total"])
        terminal.type("s")
        terminal.until("s by name")
        until_names(terminal, ["apples_total", "pears_total", "plums_total", "temperature"])
        terminal.type("r")
        terminal.until("by name reversed")
        until_names(terminal, ["temperature", "plums_total", "pears_total", "apples_total"])
        terminal.type("/PLU")
        terminal.until("filter: PLU_")
        until_names(terminal, ["plums_total"])
        terminal.type("\x7f\x7f\x7f")
        terminal.until("filter: _")
        until_names(terminal, ["temperature", "plums_total", "pears_total", "apples_total"])
        terminal.type("\x1b")
        terminal.until("q quit")
        terminal.type("?")
        terminal.until("q, Ctrl-C +quit")
        terminal.type("\x1b[B\x1b")
        terminal.until("^METRIC")
        terminal.type("2")
        terminal.until(r"^pears +counter +1 +30 ")


def test_every_size_shows_what_fits_and_quiet_redraws_send_little(three):
    with Terminal("top", "--dir", three, "--interval", 60) as terminal:
        terminal.until("apples_total")
        for rows, columns in ((10, 40), (5, 25), (50, 200), (24, 80)):
            terminal.resize(rows, columns)
            heading = "METRIC +TYPE +VALUE +RATE/S +CHANGE$" if columns >= 80 else "METRIC +VALUE( +RATE/S)?$"
            terminal.until(heading)
            wait_until(lambda: terminal.pump(0) or terminal.lines()[-1].startswith("q quit"), "the last line is drawn")
        before = len(terminal.raw)
        terminal.read_again()
        sent = terminal.raw[before:]
        assert b"\x1b[2J" not in sent and b"\x1b[H\x1b[J" not in sent, "the screen is never cleared"
        assert len(sent) < 600


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, "q",
                                 "\x03"],
                         ids=["TERM", "INT", "HUP", "QUIT", "ABRT", "SEGV", "q", "ctrl-c"])
def test_the_terminal_is_given_back_however_it_ends(three, how):
    with Terminal("top", "--dir", three) as terminal:
        terminal.until("apples_total")
        assert termios.tcgetattr(terminal.slave) != terminal.settings
        if isinstance(how, str):
            terminal.type(how)
            assert terminal.end() == 0
        else:
            assert terminal.end(how) == (-how if how in (signal.SIGABRT, signal.SIGSEGV) else 0)
        assert terminal.is_given_back()


def test_it_stops_and_goes_on_under_a_shell_like_any_program(three):
    shell = ["bash", "--norc", "-c", 'set -m; "$@"; echo stopped; read -r _; fg >/dev/null', "bash", WEIR]
    with Terminal("top", "--dir", three, program=shell) as terminal:
        terminal.until("apples_total")
        terminal.type("\x1a")
        terminal.until("^stopped")
        assert terminal.is_given_back()
        terminal.screen.reset()
        terminal.type("\n")
        terminal.until("apples_total")
        terminal.type("q")
        assert terminal.end() == 0
        assert terminal.is_given_back()


@pytest.mark.parametrize("wrapper", [[], ["env", "--ignore-signal=HUP"]], ids=["with SIGHUP", "without"])
def test_a_terminal_that_goes_away_ends_it(three, wrapper):
    with Terminal("top", "--dir", three, program=(*wrapper, WEIR)) as terminal:
        terminal.until("apples_total")
        os.close(terminal.master)
        terminal.master = None
        assert terminal.process.wait(timeout=30) == 0


def test_an_unknown_terminal_is_a_sentence(three):
    with Terminal("top", "--dir", three, env={"TERM": "nonsense"}) as terminal:
        terminal.until('TERM is "nonsense", a terminal nothing is known of')
        assert terminal.end() == 2
        assert termios.tcgetattr(terminal.slave) == terminal.settings


@pytest.mark.parametrize("no_color", ["", "1"])
def test_no_color_is_obeyed(three, no_color):
    (three / "counter_666.db").write_bytes(b"\xff" * 5000)
    with Terminal("top", "--dir", three, env={"NO_COLOR": no_color}) as terminal:
        terminal.until("^! 1 problem: ")
        assert bool(re.search(rb"\x1b\[[0-9;]*3[16]m", terminal.raw)) == (no_color == "")
        terminal.type("5")
        wait_until(lambda: "says at offset 0 that" in " ".join(line.strip() for line in terminal.lines()) or (terminal.pump(0.1) and False),
                   "the whole problem")


def test_foreign_names_cannot_command_the_terminal(tmp_path):
    write_db(tmp_path / "counter_101.db", [entry("evil", {"path": "\x1b[31mred\x9b5n\x07"}, 1.0, sample="evil_total")])
    with Terminal("top", "--dir", tmp_path, env={"NO_COLOR": "1"}) as terminal:
        terminal.until(r'evil_total\{path="\?\[31mred\?5n\?"\}')
        assert b"\x1b[31mred" not in terminal.raw and b"\x07" not in terminal.raw


def test_redis_is_watched_and_its_outage_named():
    def write(server, value):
        server.cli("HSET", "gunicorn:counter:101:metric:aa", "value", value, "timestamp", 0, "updated_at", 0)

    with RedisServer(password="s3cret") as server:
        write(server, 7)
        server.cli("HSET", "gunicorn:counter:101:meta:aa", "original_key", '["requests", "requests_total", {}, "Test."]', "typ",
                   "counter", "multiprocess_mode", "all", "created_at", 0)
        with Terminal("top", "--redis", server.url, "--interval", 60, env={"REDIS_PASSWORD": "s3cret"}) as terminal:
            row(terminal, "requests_total", "counter", "7", "-", "0")
            write(server, 10)
            terminal.read_again()
            row(terminal, "requests_total", "counter", "10", r"\S+", "+3")
            server.kill()
            terminal.type("p")
            terminal.until("paused")
            terminal.type("p")
            terminal.until("^! [12] problems?, old values: ")
            row(terminal, "requests_total", "counter", "10", r"\S+", "+3")  # what was known stays
            terminal.type("q")
            assert terminal.end() == 0 and terminal.is_given_back()


def test_any_exporter_is_watched_by_its_url(worker):
    port = free_port()
    counting = worker(port=port)
    counting.count("/a", 5)
    with Terminal("top", "--url", f"http://127.0.0.1:{port}/metrics", "--interval", 60, "--filter", "requests") as terminal:
        row(terminal, 'requests_total{path="/a"}', "counter", "5", "-", "0")
        counting.count("/a", 37)
        terminal.read_again()
        row(terminal, 'requests_total{path="/a"}', "counter", "42", r"\S+", "+37")
        terminal.type("4")
        terminal.until("who counts cannot be told from here")


def test_weir_serve_is_watched_by_its_url(serve, weir, three):
    server = serve(three)
    by_url = ["--url", f"http://127.0.0.1:{server.port}/metrics"]
    shown = weir("top", *by_url, "--interval", 0.1, env={"no_proxy": "*"})
    assert (shown.returncode, shown.stderr) == (0, "")
    directly = weir("top", "--dir", three, "--interval", 0.1)
    assert shown.stdout.splitlines()[1:] == directly.stdout.splitlines()[1:]
    assert "; writers: 0 alive, 1 dead; reading 2" in shown.stdout.splitlines()[0]
    writers = weir("top", *by_url, "--view", "writers", "--interval", 0.1, env={"no_proxy": "*"}).stdout.splitlines()[1:]
    assert writers == weir("top", "--dir", three, "--view", "writers", "--interval", 0.1).stdout.splitlines()[1:]
    assert [line.split()[:2] for line in writers[1:]] == [["101", "dead"]]
    with Terminal("top", *by_url, "--filter", "pears") as terminal:
        terminal.until("pears_total")
        terminal.type("\n")
        terminal.until(r"^ +30  dead +101$")
    gone = weir("top", "--url", f"http://127.0.0.1:{server.port}/absent", env={"no_proxy": "*"})
    assert gone.returncode == 1 and "answered 404, not 200" in gone.stderr


def test_https_needs_the_right_authority_and_a_password_of_netrc(weir, three, tmp_path):
    web = tmp_path / "web"
    web.mkdir()
    server = SecureServer(web, three, tls_section(certificates().server) + f"basic_auth_users: {{prom: {CHEAP}}}\n")
    try:
        url = f"https://localhost:{server.port}/metrics"
        environment = {"HOME": str(web), "no_proxy": "*", "SSL_CERT_FILE": str(certificates().other_authority)}
        refused = weir("top", "--url", url, env=environment)
        assert refused.returncode == 1 and "certificate" in refused.stderr
        environment["SSL_CERT_FILE"] = str(certificates().authority)
        nobody = weir("top", "--url", url, env=environment)
        assert nobody.returncode == 1 and "answered 401, not 200" in nobody.stderr
        (web / ".netrc").write_text("machine localhost login prom password secret\n")
        (web / ".netrc").chmod(0o600)
        shown = weir("top", "--url", url, "--interval", 0.1, env=environment)
        assert (shown.returncode, shown.stderr) == (0, "") and "pears_total" in shown.stdout
    finally:
        server.close()


@pytest.mark.parametrize("answer, said", [
    (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", 'Protocol "file"'),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\x00\xff{]\n\n\"=", "line 1"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n", "96 bytes remaining"),
    (b"no HTTP at all\r\n\r\n", "HTTP/0.9"),
], ids=["leaves HTTP", "is no exposition", "is cut short", "is no HTTP"])
def test_an_answer_that_is_refused(weir, answer, said):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        result = weir("top", "--url", f"http://127.0.0.1:{listener.getsockname()[1]}/", env={"no_proxy": "*"})
        thread.join(timeout=20)
    assert result.returncode == 1 and said in result.stderr
    assert "root:" not in result.stdout + result.stderr


@pytest.mark.parametrize("arguments, message", [
    (["--url", "http://me:hunter2@127.0.0.1/"], "~/.netrc"),
    (["--url", "ftp://127.0.0.1/"], "write http://HOST:PORT/metrics"),
    (["--url", "http://127.0.0.1/", "--dir", "/tmp"], "only one of them can be read"),
    (["--order", "size"], "it must be rate, value, name or change"),
    (["--interval", "0"], "--interval"),
])
def test_what_cannot_be_watched_is_a_usage_error(weir, arguments, message):
    result = weir("top", *arguments)
    assert result.returncode == 2
    assert message in result.stderr and "hunter2" not in result.stderr


def test_authorities_that_are_no_file_are_refused_not_waited_for(weir, tmp_path):
    os.mkfifo(tmp_path / "authorities")
    result = weir("top", "--url", "https://127.0.0.1:1/", env={"SSL_CERT_FILE": str(tmp_path / "authorities")})
    assert result.returncode == 2 and 'authorities": it is no regular file' in result.stderr


def test_without_a_terminal_one_table_is_printed(weir, three):
    result = weir("top", "--dir", three, "--interval", 0.1, "--order", "name", "--filter", "p")
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    assert [line.split() for line in result.stdout.splitlines()[1:]] == [
        ["METRIC", "TYPE", "VALUE", "RATE/S", "CHANGE"], ["apples_total", "counter", "3", "0", "0"],
        ["pears_total", "counter", "30", "0", "0"], ["plums_total", "counter", "20", "0", "0"],
        ["temperature", "gauge", "21.5", "0", "0"]]
    write_db(three / "gauge_min_9.db", [entry("far", {"path": "x" * 90}, 1.0)])
    with Terminal("top", "--dir", three, "--once", "--interval", 0.1) as terminal:
        terminal.until("temperature")
        assert terminal.end() == 0
        assert b"\x1b" not in terminal.raw
        assert max(map(len, terminal.raw.split(b"\r\n"))) <= 80, "no line is wrapped"
    assert 'far{path="' + "x" * 90 + '"}' in weir("top", "--dir", three, "--interval", 0.1).stdout, "whole where it is a file"


def test_plot_of_a_histogram_shows_buckets_and_quantiles(weir, worker, tmp_path):
    worker().count("/a", 40)
    result = weir("show", "--dir", tmp_path, "--plot", "took_seconds", env={"LC_ALL": "C.UTF-8"})
    assert (result.returncode, result.stderr) == (0, "")
    assert "p50 0.05  p90 0.09  p99 0.099" in result.stdout
    assert re.search(r"^ +0\.1 +40 █{20,}$", result.stdout, re.MULTILINE)
    assert re.search(r"^ +\+Inf +0$", result.stdout, re.MULTILINE)
    for part in ("took_seconds_bucket", "took_seconds_count", 'took_seconds_bucket{le="0.1"}'):
        assert weir("show", "--dir", tmp_path, "--plot", part, env={"LC_ALL": "C.UTF-8"}).stdout == result.stdout, part
    assert re.search(r"^ +0\.1 +40 #{20,}$", weir("show", "--dir", tmp_path, "--plot", "took_seconds",
                                                  env={"LC_ALL": "C"}).stdout, re.MULTILINE)


def test_plot_of_a_gauge_is_drawn_while_it_is_watched(weir, three):
    result = weir("show", "--dir", three, "--plot", "temperature", "--for", 0.5, env={"LC_ALL": "C"})
    assert re.search(r"^ +21\.5 #{6}$", result.stdout, re.MULTILINE), "six readings"
    assert "\x1b" not in result.stdout
    missing = weir("show", "--dir", three, "--plot", "absent_bucket")
    assert missing.returncode == 1 and "no metric is named absent_bucket; without --plot all are shown" in missing.stderr


@pytest.mark.parametrize("more, said", [(("--name", "temperature"), "leave --name out"),
                                        (("--format", "openmetrics"), "leave --format out")])
def test_plot_refuses_what_it_would_leave_unheeded(weir, three, more, said):
    result = weir("show", "--dir", three, "--plot", "temperature", *more)
    assert (result.returncode, result.stdout) == (2, "") and said in result.stderr


def test_what_takes_longer_than_a_second_says_so_on_a_terminal_alone(three):
    with RedisServer() as server:
        server.pause()
        with Terminal("check", "--redis", server.url) as terminal:
            terminal.until(r"looking at .*: [12] s")
            server.resume()
            terminal.until("no faults|faults:")
            assert terminal.end() in (0, 1)
            assert not any(line.startswith("looking at") for line in terminal.lines()), "the line is gone"
        server.pause()
        with Terminal("check", "--redis", server.url, stderr=subprocess.PIPE) as terminal:
            terminal.pump(1.5)
            server.resume()
            terminal.end()
            assert terminal.process.stderr.read() == b"", "no progress where standard error is no terminal"
            terminal.process.stderr.close()


def test_the_screens_of_the_page_are_what_is_shown(tmp_path):
    blocks = blocks_of(ROOT / "docs" / "top.md")
    run = next(body for kind, body in blocks if kind == "sh run")
    subprocess.run(["bash", "-c", run], cwd=tmp_path, env=prepare(tmp_path), check=True, stdout=subprocess.DEVNULL, timeout=60)
    screens = [(kind.split()[1:], body) for kind, body in blocks if kind.startswith("screen")]
    assert len(screens) == 2
    for (rows, *keys), expected in screens:
        with Terminal("top", "--dir", "metrics", "--order", "value", size=(int(rows), 80), cwd=tmp_path) as terminal:
            terminal.until("^http_requests_total")
            for key in keys:
                terminal.type({"enter": "\n"}.get(key, key))
            shown = pattern_of(expected)
            wait_until(lambda: shown.fullmatch("\n".join(terminal.lines()) + "\n") or (terminal.pump(0.1) and False),
                       f"the page's screen:\n{expected}")
