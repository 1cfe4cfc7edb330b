"""Runs the scripts of script.h with pytheus, in the Redis of REDIS_HOST and REDIS_PORT. `expose` prints what pytheus
shows of it.

Values of what a line `.` runs are in Redis when it is done. pytheus has counters, gauges, histograms and summaries.
"""
import os
import sys

from pytheus.backends import load_backend
from pytheus.backends.redis import MultiProcessRedisBackend
from pytheus.exposition import generate_metrics
from pytheus.metrics import Counter, Gauge, Histogram, Summary

TYPES = {"counter": Counter, "gauge": Gauge, "histogram": Histogram, "summary": Summary}
METRICS = {}


def text(field):
    return "" if field == "-" else bytes.fromhex(field).decode()


def metric(kind, name, help_text, detail, labels):
    if name not in METRICS:
        more = {"buckets": [float(bound) for bound in detail.split(",")]} if kind == "histogram" else {}
        METRICS[name] = TYPES[kind](name, help_text, required_labels=list(labels) or None, **more)
    return METRICS[name].labels(labels) if labels else METRICS[name]


load_backend(MultiProcessRedisBackend, {"host": os.environ["REDIS_HOST"], "port": int(os.environ["REDIS_PORT"])})
for line in sys.stdin:
    line = line.rstrip("\n")
    if line == ".":
        print("done", flush=True)
    elif line == "expose":
        print(repr(generate_metrics()), flush=True)
    else:
        verb, kind, name, help_text, detail, labels, value, _ = line.split("\t")
        pairs = [] if labels == "-" else [pair.split("=") for pair in labels.split(",")]
        found = metric(kind, text(name), text(help_text), detail, {text(k): text(v) for k, v in pairs})
        getattr(found, verb)(float(value))
