"""Milliseconds of one scrape of a Redis by gunicorn_prometheus_exporter: its collector and prometheus_client's text.

exporter_python.py PORT ROUNDS    prints {"ms": …, "sum": …}; by the clock on the wall, the server's work included
"""

import json
import statistics
import sys
import time

import redis
from gunicorn_prometheus_exporter.backend.core import RedisMultiProcessCollector
from prometheus_client import CollectorRegistry, generate_latest

client = redis.Redis(port=int(sys.argv[1]))
figures = []
for _ in range(int(sys.argv[2])):
    registry = CollectorRegistry()
    RedisMultiProcessCollector(registry, client, "gunicorn")
    began = time.perf_counter()
    body = generate_latest(registry)
    figures.append((time.perf_counter() - began) * 1e3)
lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
print(json.dumps({"ms": statistics.median(figures), "sum": sum(float(line.rsplit(" ", 1)[1]) for line in lines)}))
