"""Milliseconds of one scrape of the shared layout by pytheus.

pytheus_python.py PORT ROUNDS    prints {"ms": …, "sum": …}; by the clock on the wall, the server's work included
"""

import json
import statistics
import sys
import time

from pytheus.backends import load_backend
from pytheus.backends.redis import MultiProcessRedisBackend
from pytheus.exposition import generate_metrics
from pytheus.metrics import Counter

load_backend(MultiProcessRedisBackend, {"host": "127.0.0.1", "port": int(sys.argv[1])})
Counter("requests_total", "Requests served.", required_labels=["method", "path"])
figures = []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    body = generate_metrics()
    figures.append((time.perf_counter() - began) * 1e3)
lines = [line for line in body.splitlines() if line and not line.startswith("#") and "{" in line]
print(json.dumps({"ms": statistics.median(figures), "sum": sum(float(line.rsplit(" ", 1)[1]) for line in lines)}))
