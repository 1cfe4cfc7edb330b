"""docs/gunicorn.md and examples/flask: each configuration runs in a real Gunicorn, which counts; and the other servers
it names."""
import pathlib
import re
import shutil

import pytest
from gunicorn_servers import DEBIAN, FULL, Gunicorn, Load, files, label_values, order, read, serving, total, wait_until
from redis_servers import RedisServer, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "gunicorn.md").read_text()
BLOCKS = dict(re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", PAGE, re.M | re.S))
CONFIGURATIONS = sorted(name for name in BLOCKS if name.endswith(".conf.py"))
REQUESTS = "gunicorn_worker_requests_total"


def test_the_page_has_its_configurations():
    assert CONFIGURATIONS == ["gunicorn.conf.py", "gunicorn_process.conf.py", "gunicorn_redis.conf.py",
                              "gunicorn_sidecar.conf.py",
                              "gunicorn_yaml.conf.py"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_configuration_counts_and_serves_as_the_page_says(tmp_path, name):
    (tmp_path / "exporter.yml").write_text(BLOCKS["exporter.yml"])
    with RedisServer() as redis:
        # Where the page names places of its reader's, the environment says others, and wins.
        place = {"REDIS_PORT": str(redis.port)} if "redis.conf" in name else files(tmp_path / "metrics")
        with Gunicorn(tmp_path, place=place, configuration=BLOCKS[name]) as gunicorn:
            answered = Load(gunicorn.port, threads=2).run(40).answered + gunicorn.answered
            assert ("metrics at http" in gunicorn.log()) == ("sidecar" not in name)
            if "sidecar" in name:
                assert gunicorn.scrape() is None and total(gunicorn.read(), REQUESTS) == answered
            else:
                wait_until(lambda: total(gunicorn.scrape() or {}, REQUESTS) == answered, "all are served")
            if "process" in name:
                found = wait_until(lambda: (now := gunicorn.scrape()) and len(label_values(now, "pid")) == 4 and now,
                                   "four workers")
                used = "process_worker_cpu_seconds"
                assert total(found, used) == pytest.approx(total(found, "process_cpu_seconds_total"))
                assert total(found, "process_open_fds") == total(found, "process_worker_open_fds") > 0
            if "redis.conf" in name:
                assert redis.keys("shop:counter:*")


def test_the_flask_example_counts_its_orders(tmp_path):
    example = ROOT / "examples" / "flask"
    shutil.copy(example / "shop.py", tmp_path)
    configuration = (example / "gunicorn.conf.py").read_text()
    assert configuration == BLOCKS["gunicorn.conf.py"], "the page shows the example's configuration"
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), configuration=configuration,
                  application="shop:app") as gunicorn:
        for article, status in [("apple", 201)] * 30 + [("pear", 201)] * 12 + [("stone", 404)]:
            assert order(gunicorn.port, article) == status
        found = gunicorn.scrape()
        assert total(found, "shop_orders_total", article="apple") == 30
        assert total(found, "shop_orders_total") == 42
        assert total(found, REQUESTS) == 43 + gunicorn.answered


SERVERS = {
    "uwsgi": ["uwsgi-core", "--plugin", "python3", "--http-socket", "127.0.0.1:{port}", "--master", "--die-on-term",
              "--processes",
              "2", "--lazy-apps", "--module", "wsgi:app"],
    "uwsgi-preloaded": ["uwsgi-core", "--plugin", "python3", "--http-socket", "127.0.0.1:{port}", "--master",
                        "--die-on-term",
                        "--processes", "2", "--module", "wsgi:app"],
    "uvicorn": [DEBIAN, "-m", "uvicorn", "--interface", "wsgi", "--workers", "2", "--port", "{port}", "wsgi:app"],
}


@pytest.mark.parametrize("server", SERVERS if FULL else ["uwsgi-preloaded", "uvicorn"])
def test_other_servers_of_many_processes_count_with_the_lines_of_the_page(tmp_path, server):
    (tmp_path / "wsgi.py").write_text(BLOCKS["wsgi.py"])
    shutil.copy(ROOT / "examples" / "flask" / "shop.py", tmp_path)
    port, place = free_port(), files(tmp_path / "metrics")
    with serving([word.format(port=port) for word in SERVERS[server]], tmp_path, place):
        wait_until(lambda: Gunicorn.fetch(port, "/") is not None, f"{server} answers")
        for _ in range(60):
            assert order(port, "apple") == 201
        assert total(read(tmp_path / "metrics"), "shop_orders_total") == 60
    assert total(read(tmp_path / "metrics"), "shop_orders_total") == 60


@pytest.mark.parametrize("server", SERVERS if FULL else ["uwsgi-preloaded"])
def test_other_servers_bring_what_they_counted_to_redis_when_they_end(tmp_path, server):
    (tmp_path / "wsgi.py").write_text(BLOCKS["wsgi.py"])
    shutil.copy(ROOT / "examples" / "flask" / "shop.py", tmp_path)
    port = free_port()
    with RedisServer() as redis:
        place = redis.environment(WEIR_FLUSH_INTERVAL="600")
        with serving([word.format(port=port) for word in SERVERS[server]], tmp_path, place):
            wait_until(lambda: Gunicorn.fetch(port, "/") is not None, f"{server} answers")
            for _ in range(60):
                assert order(port, "apple") == 201
        assert total(read(redis.url), "shop_orders_total") == 60
