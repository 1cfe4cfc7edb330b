"""Celery tasks, counted and timed with prometheus_client in every worker process; Weir shows them as one.

    export PROMETHEUS_MULTIPROC_DIR=/run/shop/metrics
    celery -A shop worker --pool prefork --concurrency 4
    weir serve                                           # beside it, with the same environment

The queue lies in a folder, so that this runs without a broker; BROKER_URL names another.
"""
import os
import time

import weir
import weir.prometheus

weir.prometheus.install()  # before the first metric, and before Celery forks

from celery import Celery  # noqa: E402
from celery.signals import task_postrun, task_prerun, worker_process_shutdown  # noqa: E402
from prometheus_client import Counter, Histogram  # noqa: E402

TASKS = Counter("shop_tasks_total", "Tasks that ended, by how.", ["task", "state"])
DURATION = Histogram("shop_task_duration_seconds", "Seconds a task took.", ["task"])

app = Celery("shop", broker=os.environ.get("BROKER_URL", "filesystem://"))
if app.conf.broker_url.startswith("filesystem:"):
    folder = os.path.join(os.getcwd(), "queue")
    os.makedirs(folder, exist_ok=True)
    app.conf.broker_transport_options = {"data_folder_in": folder, "data_folder_out": folder}

_began = {}  # of the tasks this process runs: {id: seconds}


@task_prerun.connect
def begin(task_id, **_):
    _began[task_id] = time.monotonic()


@task_postrun.connect
def end(task_id, task, state, **_):
    DURATION.labels(task.name).observe(time.monotonic() - _began.pop(task_id))
    TASKS.labels(task.name, state).inc()


@worker_process_shutdown.connect
def leave(**_):
    """Celery's processes leave by os._exit, which waits for nobody: with Redis, ship what is not there yet."""
    weir.flush(1)


@app.task
def order(article):
    if article == "stone":
        raise ValueError("stones are not sold")
    return f"one {article}"
