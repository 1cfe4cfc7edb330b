"""The live page at / in a real Chromium: what a person at the screen sees while processes count, die and leave damage."""
import hashlib
import json
import pathlib
import re
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from chromium import Chromium  # noqa: E402
from redis_servers import RedisServer  # noqa: E402

from conftest import CLEAN, Server, fill, write_db, entry  # noqa: E402

WORKER = """
import sys, time
from prometheus_client import Counter, Gauge, Histogram
served = Counter("served", "Requests served.", ["code"])
latency = Histogram("latency_seconds", "Time a request took.")
Gauge("temperature", "How warm it is.", multiprocess_mode="max").set(21.5)
print("counts", flush=True)
while True:
    served.labels("200").inc(3)
    latency.observe(time.monotonic() % 0.4)
    time.sleep(0.02)
"""
ROWS = "document.querySelectorAll('.row:not([hidden])').length"


def start_worker(directory):
    process = subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE,
                               env={**CLEAN, "PROMETHEUS_MULTIPROC_DIR": str(directory)})
    assert process.stdout.readline() == b"counts\n"
    return process


def end(process):
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def shared(browser, tmp_path_factory):
    """(directory, server, page): two processes that count, served, and the page open on it."""
    directory = tmp_path_factory.mktemp("metrics")
    workers = [start_worker(directory) for _ in range(2)]
    server = Server("--dir", directory, "--listen", "127.0.0.1:0")
    page = browser.open(f"http://127.0.0.1:{server.port}/")
    yield directory, server, page
    page.close()
    server.close()
    for worker in workers:
        end(worker)


@pytest.fixture
def page(shared):
    """The shared page, at its beginning; afterwards nothing was complained of, and nobody else was asked."""
    _, server, page = shared
    page.run("document.activeElement?.blur(); location.hash = ''")
    page.wait_for(f"{ROWS} > 2")
    yield page
    assert page.console_errors == []
    assert {re.match(r"[a-z]+://[^/]*", url).group() for url in page.requests if not url.startswith("data:")} == {
        f"http://127.0.0.1:{server.port}"}


def text(selector):
    return f"(document.querySelector({json.dumps(selector)}) || {{innerText: ''}}).innerText"


def picture_of(selector):
    return f"document.querySelector({json.dumps(selector)}).toDataURL()"


def test_policy_names_the_scripts_and_styles_there_are(shared):
    _, server, page = shared
    page.wait_for(f"{ROWS} > 2")
    _, headers, body = server.get("/")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy and "http" not in policy
    assert b" style=" not in body and b" onclick=" not in body and b"src=" not in body
    # An element with a style or handler of its own would be refused; scripts brought in later too.
    refused = page.run("""new Promise((done) => { document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));
        const s = document.createElement('style'); s.textContent = 'body{color:red}'; document.head.append(s); s.remove() })""")
    assert refused == "style-src-elem"
    page.console_errors.clear()  # the browser names what it refused just now


def test_numbers_and_charts_move_while_processes_count(page):
    row = "[...document.querySelectorAll('.row')].find((r) => r.innerText.includes('code=200'))"
    page.wait_for(f"{row}.querySelector('.rate').innerText.endsWith('/s')")
    before, drawn = page.run(f"{row}.querySelector('.value').title"), page.run(f"{row}.querySelector('canvas').toDataURL()")
    page.wait_for(f"Number({row}.querySelector('.value').title) > {before}")
    page.wait_for(f"{row}.querySelector('canvas').toDataURL() !== {json.dumps(drawn)}")


def test_histogram_is_a_heat_map_with_quantiles(page):
    page.run("location.hash = '#family=latency_seconds'")
    page.wait_for(f"/ ms|s$/.test({text('.figures dd')})")
    drawn = page.run(picture_of(".detail canvas"))
    page.wait_for(f"{picture_of('.detail canvas')} !== {json.dumps(drawn)}")
    p50 = page.run(text(".figures dd"))
    assert 100 < float(p50.split()[0]) < 320 and p50.endswith("ms")  # observed: 0 to 0.4 s, evenly
    unit = {"ms": 1e-3, "s": 1}
    p50, p90, p99 = (float(text.split()[0]) * unit[text.split()[1]]
                     for text in page.run("[...document.querySelectorAll('.figures dd')].slice(0, 3).map((n) => n.innerText)"))
    assert p50 < p90 < p99 <= 0.5
    colours = page.run("""(() => { const c = document.querySelector('.detail canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        const seen = new Set(); for (let i = 0; i < d.length; i += 4) seen.add(`${d[i]},${d[i + 1]},${d[i + 2]}`); return seen.size })()""")
    assert colours > 20


def test_family_is_split_by_writer(page, shared):
    page.run("location.hash = '#family=served'")
    page.wait_for("document.querySelectorAll('.split tbody tr').length === 2")
    pids = {path.stem.rpartition("_")[2] for path in shared[0].glob("counter_*.db")}
    shown = page.run("[...document.querySelectorAll('.split tbody tr')].map((r) => r.cells[0].innerText)")
    assert set(shown) == pids
    assert "alive" in page.run(text(".split tbody"))


def test_search_finds_names_labels_and_help(page):
    page.press("/")
    for words, found in (("temper", ["temperature"]), ("code=200", ["served"]), ("time a request", ["latency_seconds"]),
                         ("gauge warm", ["temperature"])):
        page.run("document.querySelector('input').select()")
        page.type(words)
        page.wait_for(f"JSON.stringify([...document.querySelectorAll('.row.family:not([hidden]) .name')].map((n) => n.innerText)) === '{json.dumps(found)}'")
        assert f"search={words.split()[0].replace('=', '%3D')}" in page.run("location.hash")
    page.run("document.querySelector('input').select()")
    page.type("no such thing")
    page.wait_for("document.querySelector('.empty:not([hidden]) h2')?.innerText === 'Nothing matches'")
    page.press("Escape")
    page.wait_for(f"{ROWS} > 2")


def test_everything_is_reached_by_keyboard(page):
    page.press("/")
    page.press("ArrowDown")
    page.press("ArrowDown")
    chosen = "document.querySelectorAll('.row[aria-selected=\"true\"]').length"
    assert page.run(chosen) == 1
    page.press("Enter")
    assert page.run("document.querySelector('.detail h2') !== null")
    assert page.run("document.querySelector('.list').getAttribute('aria-activedescendant') === document.querySelector('.row[aria-selected=\"true\"]').id")
    page.press("Escape")
    assert page.run(chosen) == 0
    for key, view in (("2", "Writers"), ("3", "Storage"), ("4", "Skipped"), ("1", "Metrics")):
        page.press(key)
        assert page.run("document.querySelector('[aria-current=\"page\"]').innerText").startswith(view)
    page.press("?")
    assert page.run("document.querySelector('dialog').open")
    page.press("Escape")
    page.press("p")
    assert page.run(text(".state")) == "Paused"
    page.press("p")
    page.wait_for(f"{text('.state')} === 'Live'")


def test_killed_process_is_seen_dying(page, shared):
    worker = start_worker(shared[0])
    try:
        page.press("2")
        page.wait_for(f"{text('.lead')}.startsWith('3 alive')")
    finally:
        worker.send_signal(signal.SIGKILL)
        end(worker)
    page.wait_for(f"{text('.lead')}.startsWith('2 alive · 1 dead')")
    assert f"writer {worker.pid} ended" in page.run(text(".events"))
    row = page.run(f"[...document.querySelectorAll('tr')].find((r) => r.cells[0].innerText === '{worker.pid}').innerText")
    assert "dead" in row


def test_bad_file_is_shown_and_its_name_stays_text(page, shared):
    bad = shared[0] / "counter_<img src=x onerror=alert(1)>.db"
    bad.write_bytes(b"not what a multiprocess file holds")
    try:
        page.press("4")
        page.wait_for(f"{text('.problems .subject')} === {json.dumps(str(bad))}")
        assert page.run("document.querySelectorAll('img').length") == 0
        page.wait_for("[...document.querySelectorAll('.tabs .alarm')].some((n) => n.innerText === '1')")
    finally:
        bad.unlink()
    page.wait_for("document.querySelector('.view:not([hidden]) h2')?.innerText === 'Nothing was skipped'")


def test_ten_thousand_series_draw_only_what_is_seen(browser, serve, tmp_path, record_property):
    fill(tmp_path, 10, 1000, distinct=True)
    server = serve(tmp_path)
    page = browser.open("about:blank")
    page.call("Page.addScriptToEvaluateOnNewDocument", source="""window.longTasks = [];
        new PerformanceObserver((l) => longTasks.push(...l.getEntries().map((e) => Math.round(e.duration)))).observe({ type: 'longtask', buffered: true });""")
    page.call("Page.navigate", url=f"http://127.0.0.1:{server.port}/")
    page.wait_for(f"document.querySelector('.row') && {ROWS} > 10")
    assert page.run("Number(document.querySelector('.row').getAttribute('aria-setsize'))") == 10001
    assert page.run("document.querySelector('.row.metric .labels').innerText.trim()") == "path=/a/rather/ordinary/path/0", "what all have stands once"
    assert "code=200" in page.run(text(".row.family .common"))
    assert page.run("document.querySelector('.row.family .value').title") == "10000 in all", "the sum of the family"
    page.run("document.querySelector('.list').focus()")
    loaded = page.run("longTasks.length")
    for key in ("End", "PageDown", "Home", *["PageDown"] * 20):
        page.press(key)
    drawn = page.run("document.querySelectorAll('.row').length")
    assert 10 < drawn < 120, "rows in the document, of 10,001"
    page.press("End")
    assert page.run("document.querySelector('.row[aria-selected=\"true\"]').getAttribute('aria-posinset')") == "10001"
    page.press("/")
    page.type("path/9999")
    page.wait_for(f"{ROWS} === 2")
    tasks = page.run("longTasks")
    record_property("long_tasks_ms", json.dumps({"loading": tasks[:loaded], "using": tasks[loaded:]}))
    print("long tasks, ms:", {"loading": tasks[:loaded], "using": tasks[loaded:]})
    assert page.console_errors == []
    page.close()


def test_page_of_an_idle_directory_gets_304_and_tells_since_when_the_exporter_is_gone(browser, directory):
    server = Server("--dir", directory, "--listen", "127.0.0.1:0")
    page = browser.open(f"http://127.0.0.1:{server.port}/")
    try:
        page.wait_for("performance.getEntriesByName(new URL('api/v1/values', location), 'resource').length >= 2")
        page.browser.pump(0.2)
        assert 304 in page.statuses[f"http://127.0.0.1:{server.port}/api/v1/values"]
        server.close()
        page.wait_for(f"/No answer from the exporter since \\d\\d:\\d\\d:\\d\\d/.test({text('.banner')})")
        assert "requests" in page.run(text(".list")), "what it said last is still shown"
        server = Server("--dir", directory, "--listen", f"127.0.0.1:{server.port}")
        page.wait_for("document.querySelector('.banner').hidden")
    finally:
        server.close()
        page.close()


def test_empty_directory_says_how_to_begin_and_begins_by_itself(browser, serve, tmp_path):
    page = browser.open(f"http://127.0.0.1:{serve(tmp_path).port}/")
    page.wait_for(f"{text('.empty:not([hidden]) pre')}.includes({json.dumps(f'PROMETHEUS_MULTIPROC_DIR={tmp_path}')})")
    assert page.run(text(".empty h2")) == "No writer yet"
    write_db(tmp_path / "counter_101.db", [entry("requests", {"code": "200"}, 3.0, sample="requests_total")])
    page.wait_for(f"{ROWS} === 2")
    page.close()


@pytest.mark.parametrize("which, status", [("plain", 200), ("off", 404)])
def test_without_the_live_page_there_is_no_script_and_no_api(serve, directory, which, status):
    server = serve(directory, "--page", which)
    assert server.get("/")[0] == status
    assert b"<script" not in server.get("/")[2]
    assert server.get("/api/v1/values")[0] == 404
    assert server.get("/metrics")[0] == 200


def test_redis_is_told_with_its_writers_and_without_its_password(tmp_path):
    with RedisServer(password="s3cret") as redis:
        key = '["requests", "requests_total", {"code": "200"}, "Test."]'
        redis.cli("SADD", "gunicorn:weir:writers", "101")
        redis.cli("HSET", "gunicorn:weir:claim:101", "token", "t", "seq", "1", "keys", "1", "host", "web-1")
        redis.cli("SADD", "gunicorn:weir:index:101", "counter:" + hashlib.md5(key.encode()).hexdigest())
        for kind, fields in (("metric", ["value", "7"]), ("meta", ["original_key", key])):
            redis.cli("HSET", f"gunicorn:counter:101:{kind}:" + hashlib.md5(key.encode()).hexdigest(), *fields)
        server = Server("--redis", redis.url, "--listen", "127.0.0.1:0", env={"REDIS_PASSWORD": "s3cret"})
        try:
            status = json.loads(server.text("/api/v1/status"))
            assert status["storage"] == "redis" and status["writers"]["dead"] == 1
            assert status["writers"]["list"] == [{"name": "101", "state": "dead", "host": "web-1", "values": 1}]
            assert "REDIS_ENABLED=true" in status["how_to_write"] and "s3cret" not in json.dumps(status)
            assert {"weir_redis_up": 1}.items() <= {one["name"]: one["value"] for one in status["metrics"]}.items()
            split = json.loads(server.text("/api/v1/split?family=requests"))
            assert split["shares"] == [{"writer": "101", "state": "dead", "sample": "requests_total", "labels": {"code": "200"}, "value": 7}]
        finally:
            server.close()
