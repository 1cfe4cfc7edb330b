"""Runs the scripts of writer.cc with stock prometheus_client, current or 0.16. Threads are ignored: Python has one cell
a process."""
import sys

from prometheus_client import Counter, Gauge, Histogram, Summary

TYPES = {"counter": Counter, "gauge": Gauge, "histogram": Histogram, "summary": Summary}
METRICS = {}


def text(field):
    return "" if field == "-" else bytes.fromhex(field).decode()


def metric(kind, name, help_text, detail, labels):
    if name not in METRICS:
        more = {}
        if kind == "gauge":
            more["multiprocess_mode"] = detail
        if kind == "histogram":
            more["buckets"] = [float(bound) for bound in detail.split(",")]
        METRICS[name] = TYPES[kind](name, help_text, list(labels), **more)
    return METRICS[name].labels(**labels) if labels else METRICS[name]


for line in sys.stdin:
    line = line.rstrip("\n")
    if line == ".":
        print("done", flush=True)
        continue
    verb, kind, name, help_text, detail, labels, value, _ = line.split("\t")
    pairs = [] if labels == "-" else [pair.split("=") for pair in labels.split(",")]
    found = metric(kind, text(name), text(help_text), detail, {text(k): text(v) for k, v in pairs})
    getattr(found, verb)(float(value))
