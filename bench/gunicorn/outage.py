"""Microseconds a request of Gunicorn with 2 sync workers counting into a Redis, as percentiles: while the Redis answers (the
floor), while it is stopped (SIGSTOP: connections stay, nothing answers), and while it is gone (SIGKILL).

outage.py PACKAGES GUNICORN ROUNDS SECONDS                 prints a row of bench/run.py for each state and percentile

After the last round the Redis comes back, and the total there must be what wrk got answers to.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from serve import OURS, REDIS_PORT, Server, fault_of

PERCENTS = (50, 90, 99)
STATES = ("answers", "stopped", "gone")


class Redis:
    """A server that keeps its data, so that it may be killed."""

    def __init__(self, folder):
        self._command = ["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes",
                         "--dir", folder]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        for _ in range(200):
            ping = subprocess.run(["redis-cli", "-p", str(REDIS_PORT), "ping"], capture_output=True, text=True, timeout=20)
            if "PONG" in ping.stdout:
                return
            time.sleep(0.05)
        raise SystemExit("bench: redis-server does not answer")

    def enter(self, state):
        if state == "stopped":
            self.process.send_signal(signal.SIGSTOP)
        elif state == "gone":
            self.stop()

    def leave(self, state):
        if state == "stopped":
            self.process.send_signal(signal.SIGCONT)
        elif state == "gone":
            self.start()

    def stop(self):
        self.process.kill()
        self.process.wait(timeout=30)


def main():
    packages, rounds, seconds = os.path.abspath(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
    found = {state: {percent: [] for percent in PERCENTS} for state in STATES}
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir="/dev/shm") as scratch:
        redis = Redis(scratch)
        variables = {"REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(REDIS_PORT)}
        server = Server(scratch, "weir redis", 18102, OURS, packages, **variables)
        try:
            server.wait()
            server.ask(1)  # warm
            for _ in range(rounds):
                for state in STATES:
                    redis.enter(state)
                    for percent, us in server.ask(seconds).items():
                        if percent in PERCENTS:
                            found[state][percent].append(us)
                    redis.leave(state)
            fault = fault_of(server, rounds * len(STATES) + 1)
        finally:
            server.stop()
            redis.stop()
    for state in STATES[1:]:
        for percent in PERCENTS:
            rivals = {"floor": found["answers"][percent], "weir": found[state][percent]}
            print(json.dumps({"work": f"Gunicorn, its Redis {state}: {percent} of 100 requests take at most", "unit": "us",
                              "fault": fault, "rivals": rivals}))


if __name__ == "__main__":
    main()
