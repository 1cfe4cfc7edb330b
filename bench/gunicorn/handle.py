"""Microseconds of CPU that a sync worker needs to handle one request, without processes and network: Gunicorn's plain worker
(the floor) and Weir's on files, in one process, a request through a pair of sockets. What others do on the machine spoils it
little, so it shows what is put around a request.

handle.py PACKAGES GUNICORN ROUNDS                         prints one row of bench/run.py
"""
import json
import os
import socket
import sys
import tempfile
import time

REQUESTS = 800  # a round
QUERY = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Application:
    """As far as workers ask it."""

    def __init__(self, settings):
        self.cfg = settings

    def wsgi(self):
        from trivial import app
        return app


def worker_of(worker_class):
    from gunicorn.config import Config
    from gunicorn.glogging import Logger
    settings = Config()
    settings.set("loglevel", "error")
    listener = socket.create_server(("127.0.0.1", 0))
    worker = worker_class(1, os.getpid(), [listener], Application(settings), 30, settings, Logger(settings))
    worker.reloader = None
    worker.load_wsgi()
    return worker


def us_of(worker):
    began = time.process_time()
    for _ in range(REQUESTS):
        client, server = socket.socketpair()
        client.sendall(QUERY)
        worker.notify()
        worker.handle(worker.sockets[0], server, ("127.0.0.1", 1))
        answer = client.recv(4096)
        client.close()
    assert answer.endswith(b"ok\n"), answer
    return (time.process_time() - began) * 1e6 / REQUESTS


def main():
    sys.path[:0] = [os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])]
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir="/dev/shm") as scratch:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = scratch
        from gunicorn.workers.sync import SyncWorker

        from gunicorn_prometheus_exporter.plugin import PrometheusWorker
        import weir
        workers = {"floor": worker_of(SyncWorker), "weir": worker_of(PrometheusWorker)}
        rivals = {name: [] for name in workers}
        for _ in range(int(sys.argv[3])):
            for name, worker in workers.items():
                rivals[name].append(us_of(worker))
        shown = weir.generate_latest(weir.MultiProcessCollector(None)).decode()
        wanted = f'gunicorn_worker_requests_total{{worker_id="worker_1"}} {REQUESTS * int(sys.argv[3])}\n'
        print(json.dumps({"work": "Gunicorn, a request without network: CPU of the worker", "unit": "us",
                          "fault": "" if wanted in shown else f"not counted: {wanted}", "rivals": rivals}))


if __name__ == "__main__":
    main()
