"""examples/django and examples/fastapi (examples/flask: gunicorn_documentation_test.py): four workers each, on files;
the
scrape shows the requests made, to the last one."""
import concurrent.futures
import pathlib
import shutil

from gunicorn_servers import DEBIAN, Gunicorn, files, order, samples, serving, total, wait_until
from redis_servers import free_port

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def buy(port):
    """Orders that can be served, one that cannot, and one request for what there is not, some at the same time."""
    articles = ["apple", "pear"] * 22 + ["apple"] * 18 + ["stone", "apple/pie"]
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        assert list(clients.map(lambda article: order(port, article), articles)) == [201] * 62 + [404] * 2


def writers(directory):
    """How many processes left orders in their files."""
    return sum(b"shop_orders_total" in path.read_bytes() for path in directory.glob("counter_*.db"))


def buy_from_several(port, directory):
    """Rounds of buy(), until more than one worker has sold something: which one answers is the kernel's choice."""
    for rounds in range(1, 21):
        buy(port)
        if writers(directory) > 1:
            return rounds
    raise AssertionError("one worker answers everything")


def check(found, route, fronts, rounds):
    """That `found` is what so many rounds of buy() did, and `fronts` requests for the front page."""
    assert total(found, "shop_orders_total", article="apple") == 40 * rounds
    assert total(found, "shop_orders_total", article="pear") == 22 * rounds
    assert total(found, "shop_orders_total") == 62 * rounds
    assert total(found, "shop_requests_total", route=route, status="201") == 62 * rounds
    assert total(found, "shop_requests_total", route=route, status="404") == rounds
    assert total(found, "shop_requests_total", route="other", status="404") == rounds
    assert total(found, "shop_requests_total", route="/", status="200") == fronts
    assert total(found, "shop_requests_total", route=route) == 63 * rounds
    assert total(found, "shop_request_duration_seconds_count", route=route) == 63 * rounds


def test_the_django_example_counts_under_gunicorn(tmp_path):
    shutil.copy(EXAMPLES / "django" / "shop.py", tmp_path)
    configuration = (EXAMPLES / "django" / "gunicorn.conf.py").read_text()
    with Gunicorn(tmp_path, place=files(tmp_path / "metrics"), configuration=configuration,
                  application="shop:application") as gunicorn:
        rounds = buy_from_several(gunicorn.port, tmp_path / "metrics")
        found = gunicorn.scrape()
        check(found, "/orders/<article>", gunicorn.answered, rounds)
        assert total(found, "gunicorn_worker_requests_total") == 64 * rounds + gunicorn.answered


def test_the_fastapi_example_counts_under_uvicorn_and_each_worker_shows_all(tmp_path):
    shutil.copy(EXAMPLES / "fastapi" / "shop.py", tmp_path)
    port = free_port()
    command = [DEBIAN, "-m", "uvicorn", "--workers", "4", "--port", str(port), "shop:app"]
    with serving(command, tmp_path, files(tmp_path / "metrics")):
        log = tmp_path / "log"
        wait_until(lambda: log.read_text().count("Application startup complete") == 4, "four workers start")
        assert Gunicorn.fetch(port, "/") == "the shop is open\n"
        rounds = buy_from_several(port, tmp_path / "metrics")
        scrapes = [samples(Gunicorn.fetch(port, "/metrics")) for _ in range(8)]
    for found in scrapes:
        check(found, "/orders/{article}", 1, rounds)
    # Each scrape is two requests, its redirect being one, of which it sees those that ended.
    assert [total(found, "shop_requests_total", route="other", status="200") for found in scrapes] == list(range(8))
