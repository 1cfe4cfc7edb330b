#!/usr/bin/env python3
"""Every row of the benchmarks: floor, Weir, ratio, target, verdict, and the peers that are here.

    bench/run.py [--only count|python|scrape|text|gzip|http|tls|memory|redis|gunicorn] [--quick] [--strict] [--no-peers]

Programs are taken from $WEIR_BUILD_DIR (build/bench), where results.json goes too. Exits 1 when a result was wrong;
with --strict also when a target is missed, or a floor is slower than 1.2 times its figure in rows.py.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import sys
import tempfile
import time

from peers import Peers
from programs import BUILD
from rows import PEER_NAMES, floor_is_slow, print_table, target_of
from workloads import WORKLOADS


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "processor": model.group(1) if model else platform.machine(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=WORKLOADS, help="one workload")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller text")
    parser.add_argument("--strict", action="store_true", help="a missed target or a slow floor is a failure")
    parser.add_argument("--no-peers", action="store_true", help="floors and Weir only")
    return parser.parse_args()


def main():
    options = parse_arguments()
    peers = Peers(not options.no_peers)
    about = machine()
    print(f"{about['processor']}, {about['processors']} processors, Linux {about['kernel']}, load {about['load']:.1f}")
    rows = []
    shared_memory = pathlib.Path("/dev/shm")
    where = shared_memory if shared_memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="weir-bench.", dir=where) as scratch:
        for name, workload in WORKLOADS.items():
            if options.only in (None, name):
                some = workload(options, pathlib.Path(scratch), peers)
                print_table(name, some)
                rows += some
    for name in PEER_NAMES:
        if name in peers.missing:
            print(f"{name}: {peers.missing[name]}")
    BUILD.mkdir(parents=True, exist_ok=True)
    results = {"machine": about, "rows": [row.as_json() for row in rows], "missing_peers": peers.missing}
    (BUILD / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    return verdict(rows, options.strict)


def verdict(rows, strict):
    wrong = [row for row in rows if row.fault]
    missed = [row for row in rows if (target := target_of(row.work)) and not target.is_met(row)]
    slow = [row for row in rows if floor_is_slow(row)]
    for row in wrong:
        print(f"WRONG RESULT: {row.work}: {row.fault}")
    for row in slow:
        print(f"SLOW FLOOR: {row.work}: {statistics.median(row.rivals['floor']):.3g} {row.unit}: a slow floor is a lie")
    print(f"{len(rows)} rows: {len(wrong)} wrong, {len(missed)} targets missed, {len(slow)} slow floors")
    return 1 if wrong or (strict and (missed or slow)) else 0


if __name__ == "__main__":
    sys.exit(main())
