"""Nanoseconds a call of mpmetrics: prints {"work": ns} after checking what it counted."""

import json
import statistics
import sys
import time

import mpmetrics

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


counter = mpmetrics.Counter("bench_counter", "Bench.")
histogram = mpmetrics.Histogram("bench_histogram", "Bench.")
out = {
    "counter inc, 1 thread, memory": ns_a_call(counter.inc),
    "histogram observe, 1 thread, memory": ns_a_call(lambda: histogram.observe(0.3)),
}
from prometheus_client import REGISTRY  # noqa: E402

if REGISTRY.get_sample_value("bench_counter_total") != CALLS * ROUNDS:
    sys.exit(f"bench_counter_total is {REGISTRY.get_sample_value('bench_counter_total')} instead of {CALLS * ROUNDS}")
print(json.dumps(out))
