#!/usr/bin/env python3
"""What an application's own prometheus_client calls cost over Weir, beside the same calls without it, in files.

    ./run bench --only python        runs it with its own; or, with weir importable, dropin.py [ROUNDS]

One JSON row a line, as bench/run.py reads them: `weir` is the share of stock's time, 1 being stock; nanoseconds
a call stand in the unit. Processes take turns, CPU time counts, and what each counted is compared with the truth before
a figure is printed.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

WORKER = """
import json, os, sys, time
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess
if sys.argv[1] == "weir":
    import weir.prometheus
    weir.prometheus.install()
counter, gauge, histogram = Counter("c", "C"), Gauge("g", "G", multiprocess_mode="max"), Histogram("h", "H")
labelled, n, figures = Counter("l", "L", ["a"]), int(sys.argv[2]), {}

def time_of(work, call, *arguments):
    began = time.process_time()
    for _ in range(n):
        call(*arguments)
    figures[work] = (time.process_time() - began) / n * 1e9

time_of("Counter.inc()", counter.inc)
time_of("Gauge.set()", gauge.set, 3)
time_of("Histogram.observe()", histogram.observe, 0.3)
time_of("labels().inc()", lambda: labelled.labels("x").inc())
found = {s.name: s.value for m in multiprocess.MultiProcessCollector(CollectorRegistry()).collect() for s in m.samples}
assert (found["c_total"], found["g"], found["h_count"], found["l_total"]) == (n, 3, n, n), found
print(json.dumps(figures))
"""
CALLS = 100000


def measured(kind):
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir="/dev/shm") as directory:
        done = subprocess.run([sys.executable, "-c", WORKER, kind, str(CALLS)], capture_output=True, text=True,
                              timeout=300, env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": directory})
    if done.returncode != 0:
        raise SystemExit(f"bench: {kind}: {done.stderr}")
    return json.loads(done.stdout)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    turns = [{kind: measured(kind) for kind in ("stock", "weir")} for _ in range(rounds)]
    for work in turns[0]["stock"]:
        shares = [turn["weir"][work] / turn["stock"][work] for turn in turns]
        stock, weir = (statistics.median(turn[kind][work] for turn in turns) for kind in ("stock", "weir"))
        print(json.dumps({"work": f"prometheus_client {work} over Weir, share of its own",
                          "unit": f"({weir:.0f} of {stock:.0f} ns)", "rivals": {"weir": shares},
                          "peers": {"prometheus_client": 1}}))


if __name__ == "__main__":
    main()
