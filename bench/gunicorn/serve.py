"""Microseconds a request of Gunicorn with 2 sync workers: its plain worker (the floor), Weir's on files and on Redis,
and the Python exporter's on both; by the clock on the wall, and by the workers' CPU, which a busy machine spoils less. All
servers run all the time; wrk asks one after another, round by round.

serve.py PACKAGES GUNICORN ROUNDS SECONDS [--no-peers]     prints a row of bench/run.py for each storage

PACKAGES is the folder of Weir's Python packages, GUNICORN one with the Gunicorn that all of them run. After the last
round Weir's own count of requests must be what wrk got answers to, and at most its open connections a round more.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = 4
REDIS_PORT = 18190
OURS = "gunicorn_prometheus_exporter.PrometheusWorker"
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("PROMETHEUS_", "REDIS_", "WEIR_", "GUNICORN_", "PYTHONPATH"))}


class Server:
    """A Gunicorn on a port of its own. `worker` None: the plain one."""

    def __init__(self, scratch, name, port, worker=None, packages=None, **variables):
        self.name, self.port, self.asked, self.us, self.cpu_us = name, port, 0, [], []
        self.metrics_port = port + 100
        folder = pathlib.Path(scratch) / name.replace(" ", "_")
        folder.mkdir()
        hooks = "" if worker is None else (
            "from gunicorn_prometheus_exporter.hooks import default_when_ready, redis_when_ready\n"
            f"when_ready = {'redis' if 'REDIS_ENABLED' in variables else 'default'}_when_ready\n")
        (folder / "conf.py").write_text(
            f"{hooks}workers = 2\nbind = '127.0.0.1:{port}'\nworker_class = '{worker or 'sync'}'\nloglevel = 'error'\n"
            "control_socket_disable = True\n")
        environment = {**CLEAN, "PROMETHEUS_METRICS_PORT": str(self.metrics_port), "GUNICORN_WORKERS": "2",
                       "PROMETHEUS_BIND_ADDRESS": "127.0.0.1", "HOME": str(folder), **variables}
        if "REDIS_ENABLED" not in variables:
            environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder / "metrics")
            (folder / "metrics").mkdir()
        folders = [*([packages] if packages else []), os.path.abspath(sys.argv[2]), str(HERE)]
        environment["PYTHONPATH"] = ":".join(folders)
        with open(folder / "log", "w") as log:
            command = [sys.executable, "-m", "gunicorn", "-c", str(folder / "conf.py"), "trivial:app"]
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        self.log = folder / "log"

    def wait(self):
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5).read()
                self.asked += 1
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"bench: {self.name} does not answer:\n{self.log.read_text()[-2000:]}")

    def cpu(self):
        """Seconds of CPU that the workers used, shipping threads and all."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        fields = [pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in children]
        return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")

    def ask(self, seconds):
        """{percent: microseconds that so many of the requests took at most}."""
        used = self.cpu()
        done = subprocess.run(["wrk", "--latency", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{self.port}/"],
                              capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
        requests = int(re.search(r"(\d+) requests in", done)[1])
        self.asked += requests
        self.cpu_us.append((self.cpu() - used) * 1e6 / requests)
        self.us.append(1e6 / float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1]))
        taken = re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", done, re.M)
        return {int(percent): float(time) * {"us": 1, "ms": 1e3, "s": 1e6}[unit] for percent, time, unit in taken}

    def counted(self):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        body = urllib.request.urlopen(url, timeout=10).read().decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in body.splitlines()
                   if line.startswith("gunicorn_worker_requests_total"))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()


def fault_of(server, rounds):
    """What is wrong with its own count; a request wrk gave up at the end of a round may be in it."""
    counted = 0
    for _ in range(200):
        try:
            counted = server.counted()
        except OSError:  # of a Redis that has just come back nothing is shown until every writer has met it
            pass
        if counted >= server.asked:
            break
        time.sleep(0.1)
    if server.asked <= counted <= server.asked + CONNECTIONS * rounds:
        return ""
    return f"{server.name}: {counted:.0f} counted, {server.asked} answered"


def main():
    packages, rounds, seconds = os.path.abspath(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
    redis = {"REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(REDIS_PORT)}
    servers = []
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir="/dev/shm") as scratch:
        command = ["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--dir", scratch]
        keeper = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            plain = Server(scratch, "plain", 18100)
            weir = {"files": Server(scratch, "weir files", 18101, OURS, packages),
                    "Redis": Server(scratch, "weir redis", 18102, OURS, packages, **redis, REDIS_KEY_PREFIX="weir")}
            peers = {} if "--no-peers" in sys.argv else {
                "files": Server(scratch, "exporter files", 18103, OURS),
                "Redis": Server(scratch, "exporter redis", 18104, OURS, **redis, REDIS_KEY_PREFIX="exporter")}
            servers += [plain, *weir.values(), *peers.values()]
            for server in servers:
                server.wait()
            for turn in range(rounds):
                for server in servers[turn % len(servers):] + servers[:turn % len(servers)]:
                    server.ask(seconds)
            for storage, server in weir.items():
                peer = {"gunicorn_prometheus_exporter": sorted(peers[storage].us)[rounds // 2]} if peers else {}
                print(json.dumps({"work": f"Gunicorn, 2 sync workers, {storage}: a request", "unit": "us",
                                  "fault": fault_of(server, rounds), "rivals": {"floor": plain.us, "weir": server.us},
                                  "peers": peer}))
                peer = {name: sorted(peers[storage].cpu_us)[rounds // 2] for name in peer}
                print(json.dumps({"work": f"Gunicorn, 2 sync workers, {storage}: CPU of a request", "unit": "us",
                                  "fault": "", "rivals": {"floor": plain.cpu_us, "weir": server.cpu_us}, "peers": peer}))
        finally:
            for server in servers:
                server.stop()
            keeper.terminate()
            keeper.wait(timeout=30)


if __name__ == "__main__":
    main()
