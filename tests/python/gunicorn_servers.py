"""Real Gunicorns for tests, on free loopback ports, gone after their with statement; and a load that knows what was
answered.

    with Gunicorn(tmp_path, "sync", place=files(tmp_path / "metrics")) as gunicorn:
        load = Load(gunicorn.port).run(400)
        assert total(gunicorn.read(), "gunicorn_worker_requests_total") == load.answered + gunicorn.answered
"""
import contextlib
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import weir

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from multiprocess_reading import CLEAN, CURRENT, DEBIAN, FULL, WEIR, read, samples  # noqa: E402
from redis_servers import free_port, wait_until  # noqa: E402

PACKAGES = str(pathlib.Path(weir.__file__).parents[1])
APPLICATIONS = pathlib.Path(__file__).with_name("gunicorn_apps")
# Which Python has which worker: Gunicorn dropped eventlet's; Debian's 20.1 has it, and stands for old versions too.
WORKERS = {"sync": ("PrometheusWorker", CURRENT), "gthread": ("PrometheusThreadWorker", CURRENT),
           "gevent": ("PrometheusGeventWorker", CURRENT), "eventlet": ("PrometheusEventletWorker", DEBIAN)}
_HOOKS = """
from gunicorn_prometheus_exporter.hooks import (child_exit, default_on_exit, default_on_starting, default_post_fork,
                                                default_when_ready, default_worker_abort, default_worker_int)
on_starting, when_ready, on_exit = default_on_starting, default_when_ready, default_on_exit
post_fork, worker_int, worker_abort = default_post_fork, default_worker_int, default_worker_abort
"""
_QUIET = """
control_socket_disable = True
def post_worker_init(worker):
    open(f"booted.{worker.pid}", "w").close()
"""


def files(directory):
    """Variables that make processes count into `directory`."""
    return {"PROMETHEUS_MULTIPROC_DIR": str(directory)}


class Gunicorn:
    """One Gunicorn, its master and its workers. `settings` are lines of gunicorn.conf.py."""

    def __init__(self, directory, worker="sync", *, place, workers=4, settings="", application="application:app",
                 environment=None, configuration=None, hooks=_HOOKS):
        self.directory, self.place = directory, place
        self.port, self.metrics_port = free_port(), free_port()
        while self.metrics_port == self.port:
            self.metrics_port = free_port()
        worker_class, self.python = WORKERS[worker]
        # By its script where there is one: `-m gunicorn` does not find its modules again when USR2 starts a second
        # master.
        script = [str(pathlib.Path(CURRENT).with_name("gunicorn"))]
        self._program = ["-m", "gunicorn"] if self.python == DEBIAN else script
        self._text = configuration or (
            f"{hooks}{_QUIET}worker_class = 'gunicorn_prometheus_exporter.{worker_class}'\n"
            f"workers = {workers}\nthreads = {4 if worker == 'gthread' else 1}\nkeepalive = 5\n{settings}\n")
        self._count = workers
        self._application, self._environment = application, environment or {}
        self.process = None
        self.answered = 0  # answers of the application to the question whether it is there

    def __enter__(self):
        try:
            self.start()
            wait_until(self._answers, f"Gunicorn answers, with its log in {self.directory}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        """Starts it, without waiting for answers."""
        path = self.directory / "gunicorn.conf.py"
        path.write_text(self._text)
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", self.python, *self._program, "-c", str(path), "-b",
                 f"127.0.0.1:{self.port}", "--pid", str(self.directory / "pid"), self._application],
                env=self.environment(), cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def environment(self):
        return {**CLEAN, "PYTHONPATH": f"{PACKAGES}:{APPLICATIONS}", "PYTHONDONTWRITEBYTECODE": "1",
                "HOME": str(self.directory),
                "XDG_RUNTIME_DIR": str(self.directory), "PROMETHEUS_METRICS_PORT": str(self.metrics_port),
                "GUNICORN_CMD_ARGS": "", **self.place, **self._environment}

    def __exit__(self, *_):
        if self.process is not None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                pass
            finally:
                try:
                    os.killpg(self.process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                self.process.wait()

    def _answers(self):
        assert self.process.poll() is None, f"Gunicorn ended\n{self.log()}"
        # Long: a request that is given up is served all the same, and counted, by a worker that boots slowly.
        self.answered += self.fetch(self.port, "/", seconds=60) is not None
        return self.answered

    @staticmethod
    def fetch(port, path, seconds=10):
        """The body of a response, or None where none came."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=seconds) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except (OSError, http.client.HTTPException):
            return None

    def log(self):
        path = self.directory / "log"
        return path.read_text(errors="replace")[-6000:] if path.exists() else ""

    def signal(self, number, pid=None):
        try:
            os.kill(pid or self.master(), number)
        except ProcessLookupError:
            pass

    def kill(self):
        """SIGKILL, for the master and all its workers at once; gone when this returns, so that start() finds their port and
        their pids free."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self):
        """The orderly end; everything is flushed."""
        self.wait_for_workers()
        self.signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0, self.log()

    def master(self):
        """The pid of the master that has the pid file."""
        path = self.directory / "pid"
        return int(path.read_text()) if path.exists() else self.process.pid

    def workers(self, master=None):
        """The pids of a master's workers."""
        master = master or self.master()
        path = pathlib.Path(f"/proc/{master}/task/{master}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def wait_for_workers(self, master=None):
        """Until all have booted: Gunicorn loses a signal that it sends to one before."""
        wait_until(lambda: len(pids := self.workers(master)) >= self._count
                   and all((self.directory / f"booted.{pid}").exists() for pid in pids), "workers boot")

    def read(self):
        """What `weir show` makes of everything counted."""
        return read(self.place.get("PROMETHEUS_REDIS_URL") or self.place["PROMETHEUS_MULTIPROC_DIR"])

    def scrape(self):
        """What the master serves; None while it serves nothing."""
        body = self.fetch(self.metrics_port, "/metrics")
        return None if body is None else samples(body)


def total(found, name, **labels):
    """The sum over all series of a name that have these labels."""
    return sum(value for (series, pairs), value in found.items()
               if series == name and labels.items() <= dict(pairs).items())


@contextlib.contextmanager
def serving(command, directory, place):
    """Another server of many processes, its log in `directory`; asked to end, and gone, after the with statement."""
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**CLEAN, **place, "PYTHONPATH": f"{PACKAGES}:{directory}", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=directory,
            start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            print(f"{command[0]} does not end on SIGTERM")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def order(port, article):
    """The status of an order at one of the shops of examples/."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/orders/{article}", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def label_values(found, label):
    return {dict(pairs)[label] for _, pairs in found if label in dict(pairs)}


class Load:
    """Threads that ask for `/` over kept connections. A request is `answered` when its whole response was read, else
    `broken`:
    then nobody can tell from outside whether it was counted. Each starts anew after either; none is sent twice."""

    def __init__(self, port, threads=8, path="/"):
        self._port, self._path = port, path
        self._lock, self._left = threading.Lock(), 0
        self.answered = self.broken = 0
        self.refused = 0      # connections nobody accepted: no request was sent
        self.latencies = []   # seconds, of answered ones, in the order of their ends
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(threads)]

    def run(self, requests):
        return self.start(requests).join()

    def start(self, requests):
        self._left = requests
        for thread in self._threads:
            thread.start()
        return self

    def join(self):
        for thread in self._threads:
            thread.join(timeout=120)
            assert not thread.is_alive(), "a request is never answered"
        return self

    def finish(self):
        """No further requests; those begun are waited for."""
        with self._lock:
            self._left = 0
        return self.join()

    def done(self):
        return self.answered + self.broken

    def _take(self):
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _ask(self):
        connection = None
        while self._take():
            began = time.perf_counter()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
                    connection.connect()
            except OSError:
                connection = None
                with self._lock:
                    self.refused, self._left = self.refused + 1, self._left + 1
                time.sleep(0.01)
                continue
            connection = self._one(connection, began)
        if connection is not None:
            connection.close()

    def _one(self, connection, began):
        """One request; the connection to go on with, or None."""
        try:
            connection.request("GET", self._path)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            with self._lock:
                self.broken += 1
            return None
        with self._lock:
            assert response.status == 200
            self.answered += 1
            self.latencies.append(time.perf_counter() - began)
        if response.will_close:
            connection.close()
            return None
        return connection
