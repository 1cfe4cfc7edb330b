#!/usr/bin/env python3
"""What a fleet costs a Redis Cluster, on paper: memory, commands, processor time and bytes a node, time of a scrape.

    bench/scale/model.py [--hosts 1000] [--processes 64] [--series 2000] [--nodes 24] [--dirty 0.05] [--interval 1]
                         [--scrape 10]

The costs of one unit (UNITS) are those bench/scale/measure.py measured; what a fleet costs follows by multiplication,
which that program checks at a hundredth of the size. Times are of this machine's processor; counts and bytes hold
anywhere.
"""
import argparse
import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Units:
    """What one unit costs in one layout."""
    stored_bytes: float      # memory of a series: of each process, or (shared) of the whole fleet
    process_bytes: float     # memory of a process beside its series: its connections' buffers most of all
    node_bytes: float        # memory of a node beside both
    ship_commands: float     # commands in the server for a series that changed, inner calls of scripts included
    ship_bytes: float        # bytes on the wire for it, both ways
    ship_seconds: float      # the server's processor time for it
    idle_commands: float     # commands a second of a process that counts nothing
    read_seconds: float      # the server's processor time for a value read
    reader_seconds: float    # a reader's time for a value, by the clock, one connection a node
    is_shared: bool


@dataclasses.dataclass(frozen=True)
class Fleet:
    hosts: int = 1000
    processes: int = 64      # a host
    series: int = 2000       # a process; the same names in each
    nodes: int = 24          # masters of the Cluster
    dirty: float = 0.05      # share of the series that change between two flushes
    interval: float = 1.0    # seconds between flushes (WEIR_FLUSH_INTERVAL)
    scrape: float = 10.0     # seconds a scrape may take

    @property
    def writers(self):
        return self.hosts * self.processes


def predict(fleet, units):
    """Figure by name, a node where it says so."""
    values = fleet.series if units.is_shared else fleet.writers * fleet.series
    changed = fleet.writers * fleet.series * fleet.dirty / fleet.interval
    idle = fleet.writers * units.idle_commands
    read = values * units.reader_seconds
    return {
        "values stored": values,
        "memory a node, bytes": units.node_bytes
        + (values * units.stored_bytes + fleet.writers * units.process_bytes) / fleet.nodes,
        "commands a node a second": (changed * units.ship_commands + idle) / fleet.nodes,
        "bytes a node a second": changed * units.ship_bytes / fleet.nodes,
        "processor of a node, share": changed * units.ship_seconds / fleet.nodes,
        "one reader's scrape, seconds": read,
        "readers for a scrape in time": max(1, math.ceil(read / fleet.scrape)),
    }


def first_limit(fleet, units, node_bytes=16 << 30, most=0.5):
    """How many hosts these nodes carry, and what stops more: memory, or the one thread a Redis node has (half of it
    used)."""
    one = predict(dataclasses.replace(fleet, hosts=1), units)
    empty = predict(dataclasses.replace(fleet, hosts=0), units)

    def hosts(name, limit):
        each = one[name] - empty[name]
        return math.inf if each <= 0 else (limit - empty[name]) / each

    by = {"memory": hosts("memory a node, bytes", node_bytes), "processor": hosts("processor of a node, share", most)}
    name = min(by, key=by.get)
    return name, math.floor(by[name])


# Debian 12, AMD EPYC, 2 processors that server, writers and reader shared; 640 processes of 2,000 series on three
# masters.
UNITS = {
    "per-process": Units(stored_bytes=1005, process_bytes=66_000, node_bytes=410_000, ship_commands=1.04, ship_bytes=99,
                         ship_seconds=2.84e-6, idle_commands=1.83, read_seconds=1.7e-6, reader_seconds=2.83e-6,
                         is_shared=False),
    "shared": Units(stored_bytes=72, process_bytes=23_000, node_bytes=90_000, ship_commands=1.04, ship_bytes=78,
                    ship_seconds=2.2e-6, idle_commands=0, read_seconds=0.31e-6, reader_seconds=0.59e-6, is_shared=True),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for field in dataclasses.fields(Fleet):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    fleet = Fleet(**vars(parser.parse_args()))
    predictions = {layout: predict(fleet, units) for layout, units in UNITS.items()}
    print(f"{fleet.hosts} hosts x {fleet.processes} processes x {fleet.series} series, {fleet.dirty:.0%} change every "
          f"{fleet.interval:g} s, {fleet.nodes} masters\n")
    print(f"{'':34}" + "".join(f"{layout:>16}" for layout in predictions))
    for name in next(iter(predictions.values())):
        print(f"{name:34}" + "".join(f"{figures[name]:16,.3g}" if figures[name] < 1000 else f"{figures[name]:16,.0f}"
                                     for figures in predictions.values()))
    for layout, units in UNITS.items():
        name, hosts = first_limit(fleet, units)
        print(f"\n{layout}: {fleet.nodes} masters of 16 GiB carry {hosts:,} hosts; {name} is what stops more", end="")
    print()


if __name__ == "__main__":
    main()
