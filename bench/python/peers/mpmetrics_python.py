"""The same calls of mpmetrics: prints {"work": ns} after checking what it counted."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import mpmetrics  # noqa: E402
from prometheus_client import REGISTRY  # noqa: E402
from timing import ns_a_call  # noqa: E402

CALLS = 20_000
counter = mpmetrics.Counter("bench_counter", "Bench.")
gauge = mpmetrics.Gauge("bench_gauge", "Bench.")
histogram = mpmetrics.Histogram("bench_histogram", "Bench.")
out = {
    "Python counter inc, files": ns_a_call("f()", CALLS, f=counter.inc),
    "Python gauge set, files": ns_a_call("f(0.3)", CALLS, f=gauge.set),
    "Python histogram observe, files": ns_a_call("f(0.3)", CALLS, f=histogram.observe),
}
if REGISTRY.get_sample_value("bench_counter_total") != 3 * CALLS:
    sys.exit(f"bench_counter_total is {REGISTRY.get_sample_value('bench_counter_total')} instead of {3 * CALLS}")
print(json.dumps(out))
