"""The same calls of prometheus_client in multiprocess mode: prints {"work": ns} after checking what it counted."""

import json
import os
import pathlib
import sys

os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
os.makedirs(sys.argv[1], exist_ok=True)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from timing import ns_a_call  # noqa: E402

CALLS = 20_000
counter = Counter("bench_counter", "Bench.")
gauge = Gauge("bench_gauge", "Bench.")
histogram = Histogram("bench_histogram", "Bench.")
family = Counter("bench_family", "Bench.", ["method", "path"])
out = {
    "Python counter inc, files": ns_a_call("f()", CALLS, f=counter.inc),
    "Python gauge set, files": ns_a_call("f(0.3)", CALLS, f=gauge.set),
    "Python histogram observe, files": ns_a_call("f(0.3)", CALLS, f=histogram.observe),
    "Python labels(a, b), 1000 children": ns_a_call('f("GET", "/items/42")', CALLS, f=family.labels),
}
registry = CollectorRegistry()
MultiProcessCollector(registry)
for name in ("bench_counter_total", "bench_histogram_count"):
    if registry.get_sample_value(name) != 3 * CALLS:
        sys.exit(f"{name} is {registry.get_sample_value(name)} instead of {3 * CALLS}")
print(json.dumps(out))
