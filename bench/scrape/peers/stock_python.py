"""Milliseconds of one scrape of a directory by prometheus_client; prints {"ms": …, "sum": …} of the values it saw."""

import json
import statistics
import sys
import time

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

figures = []
for _ in range(int(sys.argv[2])):
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=sys.argv[1])
    began = time.thread_time()
    body = generate_latest(registry)
    figures.append((time.thread_time() - began) * 1e3)
lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
print(json.dumps({"ms": statistics.median(figures), "sum": sum(float(line.rsplit(" ", 1)[1]) for line in lines)}))
