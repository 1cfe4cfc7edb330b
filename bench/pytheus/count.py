#!/usr/bin/env python3
"""What an increment and an observation cost through pytheus: over its own Redis backend, and over Weir's.

    PYTHONPATH=build/release/python build/venv/bin/python bench/pytheus/count.py [ROUNDS]

Nanoseconds a call, the median of rounds that take turns, against one redis-server of its own; and the ratio. What both
counted is compared with the truth before a figure is printed.
"""
import json
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))

from redis_servers import RedisServer  # noqa: E402

BACKENDS = {"pytheus": ("pytheus.backends.redis", 2000), "weir": ("weir.pytheus", 200000)}  # module, calls a round
WORKER = """
import importlib, json, sys, time
from pytheus.backends import load_backend
from pytheus.exposition import generate_metrics
from pytheus.metrics import Counter, Histogram
module, port, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
load_backend(importlib.import_module(module).MultiProcessRedisBackend, {"host": "127.0.0.1", "port": port})
counter, histogram = Counter("hits", "H."), Histogram("latency", "L.")
figures = {}
for work, call, argument, times in (("inc", counter.inc, 1, calls), ("observe", histogram.observe, 0.3, calls // 8)):
    began = time.perf_counter()
    for _ in range(times):
        call(argument)
    figures[work] = (time.perf_counter() - began) / times * 1e9
found = generate_metrics()
assert f"hits {float(calls)}\\n" in found and f"latency_count {float(calls // 8)}\\n" in found, found
print(json.dumps(figures))
"""


def measured(server, name):
    module, calls = BACKENDS[name]
    server.cli("FLUSHALL")
    done = subprocess.run([sys.executable, "-c", WORKER, module, str(server.port), str(calls)], capture_output=True,
                          text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"bench: {name}: {done.stderr}")
    return json.loads(done.stdout)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with RedisServer() as server:
        found = [{name: measured(server, name) for name in BACKENDS} for _ in range(rounds)]
    print(f"{'work':10} {'pytheus ns':>12} {'weir ns':>10} {'ratio':>8}")
    for work in ("inc", "observe"):
        theirs, ours = (statistics.median(turn[name][work] for turn in found) for name in BACKENDS)
        print(f"{work:10} {theirs:12.0f} {ours:10.0f} {theirs / ours:8.0f}")


if __name__ == "__main__":
    main()
