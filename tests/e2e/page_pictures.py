"""Makes the pictures of docs/page.md: processes that count like a shop's, one that dies, one bad file; light, dark, narrow.

usage: WEIR_BUILD_DIR=build/release build/venv/bin/python tests/e2e/page_pictures.py docs/pictures
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from chromium import Chromium  # noqa: E402

from conftest import CLEAN, Server  # noqa: E402

SHOP = """
import math, random, sys, time
from prometheus_client import Counter, Gauge, Histogram, Summary
random.seed(sys.argv[1])
served = Counter("http_requests", "Requests served, by method, path and status code.", ["method", "path", "code"])
took = Histogram("http_request_duration_seconds", "Time from the first byte in to the last byte out.", ["method"])
jobs = Gauge("jobs_in_progress", "Jobs the workers work on now.", multiprocess_mode="livesum")
memory = Gauge("worker_memory_bytes", "Resident memory of each worker.", multiprocess_mode="liveall")
waited = Summary("queue_wait_seconds", "Time a job waited in the queue.")
lookups = Counter("cache_lookups", "Look-ups in the cache, by outcome.", ["outcome"])
sent = Counter("sent_bytes", "Bytes sent to clients.")
Counter("payment_errors", "Payments that could not be made.", ["kind"]).labels("timeout").inc(0)
began = time.time()
while True:
    busy = 1 + 0.7 * math.sin((time.time() - began) / 7 + int(sys.argv[1]) / 3)
    for _ in range(int(12 * busy) + 1):
        method = random.choices(["GET", "POST"], [4, 1])[0]
        path = random.choice(["/", "/cart", "/checkout", "/search", "/item/{id}"])
        served.labels(method, path, random.choices(["200", "404", "500"], [96, 3, 1])[0]).inc()
        took.labels(method).observe(random.lognormvariate(-3.2 if method == "GET" else -1.6, 0.4 + 0.3 * busy))
        lookups.labels(random.choices(["hit", "miss"], [9, 1])[0]).inc()
        sent.inc(random.randint(200, 90000))
        waited.observe(random.expovariate(20))
    jobs.set(random.randint(0, 9))
    memory.set(60e6 + random.random() * 5e6 + int(sys.argv[1]) * 3e6)
    time.sleep(0.1)
"""
SECONDS = 70  # until charts are full


def take(page, folder):
    page.run("location.hash = '#family=http_request_duration_seconds'")
    page.wait_for("document.querySelectorAll('.row').length > 3")
    page.browser.pump(SECONDS)
    page.picture(folder / "page_light.png")
    page.scheme(True)
    page.run("location.hash = '#family=http_requests'")
    page.browser.pump(3)
    page.picture(folder / "page_dark.png")
    page.scheme(False)


def take_small(page, folder):
    page.resize(1000, 460)
    for key, name in (("2", "page_writers"), ("3", "page_storage"), ("4", "page_skipped")):
        page.press(key)
        page.browser.pump(2.5)
        page.picture(folder / f"{name}.png")
    page.press("1")
    page.resize(390, 780)
    page.browser.pump(2)
    page.picture(folder / "page_narrow.png")


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path("/tmp/shop/metrics")  # it stands on the pictures
    directory.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as profile, Chromium(profile) as browser:
        environment = {**CLEAN, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
        workers = [subprocess.Popen([sys.executable, "-c", SHOP, str(i)], env=environment) for i in range(5)]
        server = Server("--dir", directory, "--listen", "127.0.0.1:0")
        try:
            time.sleep(1)
            page = browser.open(f"http://127.0.0.1:{server.port}/", width=1200, height=700)
            take(page, folder)
            workers[0].kill()
            (directory / "counter_31337.db").write_bytes(b"cut short by a full disk")
            take_small(page, folder)
            assert page.console_errors == []
        finally:
            server.close()
            for worker in workers:
                worker.kill()
                worker.wait()
            shutil.rmtree(directory.parent)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
