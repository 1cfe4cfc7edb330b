#!/usr/bin/env python3
"""The model against a Cluster: units measured with few processes, then a fleet a hundredth of the size, predicted and
measured.

    bench/scale/measure.py [--processes 640] [--series 2000] [--few 32] [--layout per-process] [--layout shared]

Starts a Cluster of three masters on loopback for each measurement. `build/bin/weir` and `build/python` are what is
measured ($WEIR_BUILD_DIR names another build). Takes about five minutes and 8 GB for the whole size.
"""
import argparse
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

from model import Fleet, Units, predict

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests"))
from redis_groups import Cluster  # noqa: E402
from redis_servers import free_port, wait_until  # noqa: E402

NODES, ROUNDS, DIRTY, IDLE, SCRAPES = 3, 5, 0.2, 12, 3


class Counts:
    """What the Cluster has done until now, summed over its nodes; the difference of two is what happened between."""

    def __init__(self, cluster):
        self.memory = self.seconds = self.bytes = self.commands = 0
        for node in cluster.nodes:
            found = dict(line.strip().partition(":")[::2] for line in node.cli("INFO", "everything").splitlines())
            self.memory += int(found["used_memory"])
            self.seconds += float(found["used_cpu_user"]) + float(found["used_cpu_sys"])
            self.bytes += int(found["total_net_input_bytes"]) + int(found["total_net_output_bytes"])
            # Inner calls of scripts are counted too; what measuring takes is not.
            self.commands += sum(int(text.partition("calls=")[2].partition(",")[0]) for name, text in found.items()
                                 if name.startswith("cmdstat_")
                                 and not name.startswith(("cmdstat_info", "cmdstat_ping", "cmdstat_cluster")))
        self.at = time.monotonic()


def measured(layout, processes, series):
    """Units and totals of a fleet of that size."""
    with Cluster(masters=NODES, lines=["maxclients 10000"]) as cluster:
        environment = {**os.environ, **cluster.environment(WEIR_REDIS_LAYOUT=layout),
                       "PYTHONPATH": str(BUILD / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        empty = Counts(cluster)
        fleet = subprocess.Popen(["/usr/bin/python3", HERE / "writers.py", str(processes), str(series), str(DIRTY),
                                  str(ROUNDS)],
                                 env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            answer(fleet, "ready")
            full = Counts(cluster)
            fleet.stdin.write("go\n")
            fleet.stdin.flush()
            changed = int(answer(fleet, "counted").split()[1])
            shipped = Counts(cluster)
            time.sleep(IDLE)
            idle = Counts(cluster)
            with reader(cluster.url, layout, environment) as scrape:
                first, _ = scrape()
                settled = Counts(cluster)
                reading, body = min(scrape() for _ in range(SCRAPES))
                read = Counts(cluster)
            check(body, processes, series, changed)
            hash_bytes = sum(int(node.cli("MEMORY", "USAGE", "requests_total", "SAMPLES", "0", check=False) or 0)
                             for node in cluster.nodes
                             if node.cli("EXISTS", "requests_total", check=False) == "1")
        finally:
            fleet.stdin.close()
            fleet.wait(timeout=300)
    values = series if layout == "shared" else processes * series
    return {"memory": full.memory - empty.memory, "stored": hash_bytes, "changed": changed, "values": values,
            "processes": processes, "ship commands": shipped.commands - full.commands,
            "ship bytes": shipped.bytes - full.bytes, "ship seconds": shipped.seconds - full.seconds,
            "idle commands": (idle.commands - shipped.commands) / (idle.at - shipped.at),
            "read seconds": (read.seconds - settled.seconds) / SCRAPES, "reading": reading, "first reading": first}


@contextlib.contextmanager
def reader(url, layout, environment):
    """A running exporter; scrape() gives seconds and body."""
    port = free_port()
    served = subprocess.Popen([BUILD / "bin" / "weir", "serve", "--redis", url, "--layout", layout, "--listen",
                               f"127.0.0.1:{port}"],
                              env=environment, stderr=subprocess.DEVNULL)

    def scrape():
        request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics",
                                         headers={"X-Prometheus-Scrape-Timeout-Seconds": "250"})
        began = time.monotonic()
        with urllib.request.urlopen(request, timeout=260) as response:
            body = response.read().decode()
        return time.monotonic() - began, body

    try:
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "the exporter listens")
        yield scrape
    finally:
        served.terminate()
        served.wait(timeout=60)


def answer(fleet, word):
    line = fleet.stdout.readline()
    if not line.startswith(word):
        raise SystemExit(f"measure.py: the writers said {line!r} instead of {word!r}")
    return line


def check(body, processes, series, changed):
    """Results before times: the totals are what was counted."""
    lines = [line for line in body.splitlines() if line.startswith("requests_total{")]
    total = sum(float(line.rpartition(" ")[2]) for line in lines)
    if len(lines) != series or total != processes * series + changed:
        raise SystemExit(f"measure.py: {len(lines)} series with {total:.0f} instead of {series} with "
                         f"{processes * series + changed}")


def units_of(found, shorter, fewer, layout):
    """Of three fleets: the second has fewer series a process than the first, the third fewer processes than the
    second."""
    is_shared = layout == "shared"
    stored = found["stored"] / found["values"] if is_shared else \
        (found["memory"] - shorter["memory"]) / (found["values"] - shorter["values"])
    beside = {fleet["processes"]: fleet["memory"] - stored * fleet["values"] for fleet in (shorter, fewer)}
    process = (beside[shorter["processes"]] - beside[fewer["processes"]]) / (shorter["processes"] - fewer["processes"])
    return Units(stored_bytes=stored, process_bytes=process,
                 node_bytes=(beside[fewer["processes"]] - process * fewer["processes"]) / NODES,
                 ship_commands=found["ship commands"] / found["changed"],
                 ship_bytes=found["ship bytes"] / found["changed"],
                 ship_seconds=found["ship seconds"] / found["changed"],
                 idle_commands=found["idle commands"] / found["processes"],
                 read_seconds=found["read seconds"] / found["values"],
                 reader_seconds=found["reading"] / found["values"], is_shared=is_shared)


def compare(layout, units, found, series):
    """Predicted and measured, side by side."""
    fleet = Fleet(hosts=1, processes=found["processes"], series=series, nodes=NODES,
                  dirty=found["changed"] / found["processes"] / series, interval=1)
    said = predict(fleet, units)
    rows = {"memory a node, bytes": found["memory"] / NODES,
            "commands a node a second": found["ship commands"] / NODES,
            "bytes a node a second": found["ship bytes"] / NODES,
            "processor of a node, share": found["ship seconds"] / NODES,
            "one reader's scrape, seconds": found["reading"]}
    print(f"\n{layout}, {found['processes']} processes x {series} series on {NODES} masters; "
          "all rounds as if in one second")
    print(f"the first scrape took {found['first reading']:.2f} s, later ones what stands below")
    print(f"{'':34}{'predicted':>16}{'measured':>16}{'ratio':>8}")
    for name, figure in rows.items():
        print(f"{name:34}{said[name]:16,.3f}{figure:16,.3f}{figure / said[name]:8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=640)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--few", type=int, default=32)
    parser.add_argument("--layout", action="append", choices=["per-process", "shared"])
    options = parser.parse_args()
    for layout in options.layout or ["per-process", "shared"]:
        units = units_of(measured(layout, options.few, options.series),
                         measured(layout, options.few, options.series // 4),
                         measured(layout, options.few // 4, options.series // 4), layout)
        print(f"{layout}: {units}")
        compare(layout, units, measured(layout, options.processes, options.series), options.series)


if __name__ == "__main__":
    main()
