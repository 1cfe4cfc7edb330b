"""A worker of the demo on stock prometheus_client: what worker.cc does, in Python.

    worker.py FATE THREADS ROUNDS

Counts known amounts, says "done", then idles until it is killed.
"""
import sys
import threading
import time

from prometheus_client import Counter, Gauge, Histogram

BURST = 500  # rounds between two pauses, so that a scrape every second sees growth
LATENCIES = (0.125, 0.5, 2.0, 8.0)

requests = Counter("demo_requests_total", "Requests counted.", ["lang", "fate", "outcome"])
latency = Histogram("demo_seconds", "Latency, made up.", ["lang", "fate"], buckets=(0.25, 1.0, 4.0))
items = Gauge("demo_items", "Items left behind by every worker.", multiprocess_mode="sum")
alive = Gauge("demo_workers_alive", "Workers that live.", multiprocess_mode="livesum")


def count(fate, rounds):
    served = requests.labels("python", fate, "served")
    failed = requests.labels("python", fate, "failed")
    observed = latency.labels("python", fate)
    for i in range(rounds):
        (failed if i % 10 == 0 else served).inc()
        observed.observe(LATENCIES[i % len(LATENCIES)])
        if i % BURST == BURST - 1:
            time.sleep(0.05)


def main(fate, threads, rounds):
    alive.set(1)
    items.inc(10)
    items.dec(3)
    running = [threading.Thread(target=count, args=(fate, rounds)) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    print("done", flush=True)
    threading.Event().wait()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
