"""Nanoseconds a call of prometheus_client in multiprocess mode: prints {"work": ns} after checking what it counted."""

import json
import os
import statistics
import sys
import time

os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
os.makedirs(sys.argv[1], exist_ok=True)

from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

CALLS = 20_000
ROUNDS = 7


def ns_a_call(call):
    figures = []
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        for _ in range(CALLS):
            call()
        figures.append((time.thread_time_ns() - began) / CALLS)
    return statistics.median(figures)


counter = Counter("bench_counter", "Bench.")
histogram = Histogram("bench_histogram", "Bench.")
family = Counter("bench_family", "Bench.", ["method", "path"])
out = {
    "counter inc, 1 thread, files": ns_a_call(counter.inc),
    "histogram observe, 1 thread, files": ns_a_call(lambda: histogram.observe(0.3)),
    "labels(a, b).inc(), 1 thread, files": ns_a_call(lambda: family.labels("GET", "/items/042").inc()),
}
registry = CollectorRegistry()
MultiProcessCollector(registry)
for name in ("bench_counter_total", "bench_histogram_count"):
    if registry.get_sample_value(name) != CALLS * ROUNDS:
        sys.exit(f"{name} is {registry.get_sample_value(name)} instead of {CALLS * ROUNDS}")
print(json.dumps(out))
