"""The live page over a Redis, in a real Chromium: what a person sees while processes count into it, one is killed, and the
Redis goes away and comes back."""
import json
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from chromium import Chromium  # noqa: E402
from processes import Writers, operation  # noqa: E402
from redis_servers import RedisServer  # noqa: E402

from conftest import Server  # noqa: E402

SERVED = operation("counter", "served", 3, {"code": "200"})
FAMILIES = "JSON.stringify([...document.querySelectorAll('.row.family .name')].map((n) => n.innerText).sort())"
VALUE = "[...document.querySelectorAll('.row')].find((r) => r.innerText.includes('code=200')).querySelector('.value').title"


def text(selector):
    return f"(document.querySelector({json.dumps(selector)}) || {{innerText: ''}}).innerText"


@pytest.fixture
def redis():
    with RedisServer(password="s3cret", appendonly=True) as server:
        yield server


@pytest.fixture
def writers(redis):
    """Two processes whose counts reach the Redis a tenth of a second later."""
    with Writers() as started:
        for _ in range(2):
            one = started.add("weir-redis", redis.environment(WEIR_FLUSH_INTERVAL="0.1"))
            one.run([SERVED, operation("gauge", "temperature", 21.5, detail="max"), operation("histogram", "latency_seconds", 0.2,
                                                                                             detail="0.1,0.5,1.0")])
            assert one.flush()
        yield started


@pytest.fixture
def page(redis, writers, tmp_path):
    """The page open; afterwards it complained of nothing, asked nobody else, and never showed the password."""
    server = Server("--redis", redis.url, "--listen", "127.0.0.1:0", env={"REDIS_PASSWORD": "s3cret"})
    try:
        with Chromium(tmp_path / "profile") as browser:
            page = browser.open(f"http://127.0.0.1:{server.port}/")
            page.wait_for(f"{FAMILIES} === {json.dumps(json.dumps(['latency_seconds', 'served', 'temperature'], separators=(',', ':')))}")
            yield page
            assert "s3cret" not in page.run("document.documentElement.outerHTML")
            assert page.console_errors == []
            assert {re.match(r"[a-z]+://[^/]*", url).group() for url in page.requests if not url.startswith("data:")} == {
                f"http://127.0.0.1:{server.port}"}
    finally:
        server.close()


def test_counts_move_a_writer_dies_and_the_redis_goes_and_comes_back(page, redis, writers):
    killed, left = writers
    page.wait_for(f"{VALUE} === '6'")
    left.run([SERVED])
    page.wait_for(f"{VALUE} === '9'")

    killed.kill()
    redis.cli("PEXPIRE", f"gunicorn:weir:lease:{killed.pid}", 1)  # it has 15 s to run
    page.press("2")
    page.wait_for(f"{text('.lead')}.startsWith('1 alive · 1 dead')")
    rows = page.run("[...document.querySelectorAll('.view:not([hidden]) tbody tr')].map((r) => [r.cells[0].innerText, r.cells[1].innerText])")
    assert sorted(rows) == sorted([[str(killed.pid), "dead"], [str(left.pid), "alive"]])
    page.press("1")
    page.wait_for(f"{VALUE} === '9'")  # what it counted stays

    redis.kill()
    page.wait_for(f"/^The Redis cannot be read since \\d\\d:\\d\\d:\\d\\d .*Connection refused/.test({text('.banner:not([hidden])')})")
    assert page.run(text(".state")) == "Not readable"
    assert page.run("document.title") == "Not readable · Weir"
    assert page.run(VALUE) == "9", "what was read last is still shown"
    page.run("location.hash = '#family=served'")
    page.wait_for(f"{text('.detail h2')} === 'served'")
    assert not any("/split" in url for url in page.requests), "who counted is not asked of a Redis that is away"
    page.press("3")
    page.wait_for(f"{text('.fact.bad')}.includes('does not answer')")

    redis.restart()
    left.run([SERVED])
    assert left.flush()
    page.wait_for("document.querySelector('.banner').hidden")
    assert page.run(text(".state")) == "Live"
    page.press("1")
    page.wait_for(f"{VALUE} === '12'")
    page.wait_for("document.querySelectorAll('.split tbody tr').length === 2")
