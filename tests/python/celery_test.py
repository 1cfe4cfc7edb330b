"""examples/celery: prefork processes that come and go, by os._exit, leave every count behind, in files and in Redis."""
import contextlib
import pathlib
import shutil
import subprocess

import pytest
from gunicorn_servers import CLEAN, DEBIAN, FULL, PACKAGES, files, read, serving, total, wait_until
from redis_servers import RedisServer

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "celery" / "shop.py"
ORDERS = "import shop\nfor article in ['apple'] * 40 + ['stone'] * 3: shop.order.delay(article)"


@contextlib.contextmanager
def storage(kind, tmp_path):
    """Variables for it, and where to read. Of Redis: nothing is shipped by time, only by who leaves."""
    if kind == "files":
        yield files(tmp_path / "metrics"), tmp_path / "metrics"
        return
    with RedisServer() as redis:
        yield redis.environment(WEIR_FLUSH_INTERVAL="600"), redis.url


@pytest.mark.parametrize("kind", ["files", "redis"] if FULL else ["redis"])
def test_every_task_is_counted_though_processes_end_after_five(tmp_path, kind):
    shutil.copy(EXAMPLE, tmp_path)
    with storage(kind, tmp_path) as (place, where):
        subprocess.run([DEBIAN, "-c", ORDERS], env={**CLEAN, "PYTHONPATH": PACKAGES}, cwd=tmp_path, check=True,
                       timeout=60)
        queue = tmp_path / "queue"
        assert len(list(queue.iterdir())) == 43
        command = [DEBIAN, "-m", "celery", "-A", "shop", "worker", "--pool", "prefork", "--concurrency", "3",
                   "--max-tasks-per-child", "5", "--loglevel", "INFO"]
        with serving(command, tmp_path, place):
            log = tmp_path / "log"
            ended = ("succeeded in", "raised unexpected")
            wait_until(lambda: sum(map(log.read_text().count, ended)) == 43, "every task ends", 60)
        found = read(where)
    assert total(found, "shop_tasks_total", task="shop.order", state="SUCCESS") == 40
    assert total(found, "shop_tasks_total", task="shop.order", state="FAILURE") == 3
    assert total(found, "shop_task_duration_seconds_count", task="shop.order") == 43
