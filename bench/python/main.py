"""Native Python calls against a bare C method call: a row a line, after checking what was counted.

    main.py DIRECTORY ROUNDS       weir must be importable; counts into files in DIRECTORY
"""

import json
import sys

import weir
from timing import CALLS, ns_a_call

registry = weir.CollectorRegistry(storage=weir.file_storage(sys.argv[1]))
rounds = int(sys.argv[2])
counter = weir.Counter("bench_counter", "Bench.", registry=registry)
gauge = weir.Gauge("bench_gauge", "Bench.", registry=registry)
histogram = weir.Histogram("bench_histogram", "Bench.", registry=registry)
family = weir.Counter("bench_family", "Bench.", ["method", "path"], registry=registry)
for n in range(1000):
    family.labels("GET", f"/items/{n}")
children = {("GET", f"/items/{n}"): n for n in range(1000)}
NONE, ONE, TWO = "f()", "f(0.3)", 'f("GET", "/items/42")'

# work, what is called, the floor: a method in C of as many arguments that does next to nothing
WORKS = [
    ("Python counter inc, files", NONE, counter.inc, [].clear),
    ("Python gauge set, files", ONE, gauge.set, [].count),
    ("Python histogram observe, files", ONE, histogram.observe, [].count),
    ("Python labels(a, b), 1000 children", TWO, family.labels, {}.get),
]

rows = [{"work": work, "unit": "ns", "fault": "", "rivals": {"floor": [], "weir": []}} for work, *_ in WORKS]
for _ in range(rounds):
    for row, (_, call, ours, floor) in zip(rows, WORKS):
        row["rivals"]["floor"].append(ns_a_call(call, f=floor))
        row["rivals"]["weir"].append(ns_a_call(call, f=ours))

shown = {s.name: s.value for m in weir.MultiProcessCollector(None, sys.argv[1]).collect() for s in m.samples}
for row, name in zip(rows, ("bench_counter_total", None, "bench_histogram_count")):
    if name and shown[name] != 3 * CALLS * rounds:
        row["fault"] = f"{name} is {shown[name]} instead of {3 * CALLS * rounds}"
for row in rows:
    print(json.dumps(row))
