"""Rows, their targets, and the table they make."""

import dataclasses
import json
import re
import statistics

PEER_NAMES = [
    "prometheus_client",
    "mpmetrics",
    "client_golang",
    "prometheus-client (Rust)",
    "gunicorn_prometheus_exporter",
    "pytheus",
    "redis-benchmark",
]


@dataclasses.dataclass
class Row:
    """Figures of the rivals at one work, by round; peers have one figure each."""

    work: str
    unit: str
    fault: str = ""
    rivals: dict = dataclasses.field(default_factory=dict)
    peers: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def from_json(cls, line):
        return cls(**json.loads(line))

    def median(self, rival):
        return statistics.median(self.rivals[rival])

    def ratio(self):
        """The median of the rounds' own ratios: what slows a round slows its floor too."""
        pairs = zip(self.rivals["floor"], self.rivals["weir"])
        return statistics.median(weir / floor for floor, weir in pairs)

    def as_json(self):
        target = target_of(self.work)
        out = dataclasses.asdict(self)
        if "floor" in self.rivals:
            out["ratio"] = self.ratio()
        if target:
            out |= {"target": target.text, "met": target.is_met(self)}
        return out


@dataclasses.dataclass
class Target:
    """What a row must keep to: a ratio to the floor of the same run, or a figure in the row's unit."""

    work: str  # a pattern
    ratio: float = None
    at_most: float = None
    at_least: float = None
    floor: float = None  # what a floor takes; one slower than 1.2 times this is a lie

    @property
    def text(self):
        parts = []
        if self.ratio is not None:
            parts.append(f"≤ {self.ratio:g} x floor")
        if self.at_most is not None:
            parts.append(f"≤ {self.at_most:g}")
        if self.at_least is not None:
            parts.append(f"≥ {self.at_least:g}")
        return ", ".join(parts)

    def is_met(self, row):
        return (
            (self.ratio is None or row.ratio() <= self.ratio)
            and (self.at_most is None or row.median("weir") <= self.at_most)
            and (self.at_least is None or row.median("weir") >= self.at_least)
        )


TARGETS = [
    Target(r"Gunicorn, 2 sync workers", ratio=1.031),  # 0.97 times the plain worker's requests a second
    Target(r"counter inc, Redis", ratio=1.05),  # its floor is the same counter in memory storage
    Target(r"10,000 dirty series, .*commands a dirty series", at_most=1.1),
    Target(r"Redis per process, 64 x 500 values, warm$", ratio=4),
    Target(r"Redis per process, 64 x 500 values, by the clock", ratio=4, floor=15),
    Target(r"Redis per process, 64 x 500 values, warm: commands a value", at_most=1.01),
    Target(r"Redis shared, 32,000 series, warm$", at_most=20),
    Target(r"Python counter inc", at_most=25, floor=12),
    Target(r"Python histogram observe", at_most=40, floor=15),
    Target(r"counter inc, 1 thread", ratio=1.15, floor=2.9),
    Target(r"counter inc, 2 threads", ratio=1.2, floor=2.9),
    Target(r"gauge set, ", ratio=3, floor=0.4),
    Target(r"gauge set mostrecent", ratio=1.3, floor=22.4),
    Target(r"histogram observe", ratio=1.3, floor=4.6),
    Target(r"summary observe", ratio=1.3, floor=5.8),
    Target(r"labels\(a, b\)", ratio=1.5, floor=22),
    Target(r"64 processes x 2000 entries, same series, cold", ratio=1.5, floor=8.5),
    Target(r"64 processes x 2000 entries, same series, warm", at_most=1),
    Target(r"64 processes x 2000 entries, distinct series, cold", ratio=3, floor=19),
    Target(r"64 processes x 2000 entries, distinct series, warm", at_most=6),
    Target(r"64 processes x 2000 entries, distinct series, memory", at_most=60),
    Target(r"2000 dead processes x 100 entries, cold", ratio=1.5, floor=32),
    Target(r"2000 dead processes x 100 entries, folded", ratio=1.1),  # its floor: they never lived
    Target(r"text of ", ratio=4, floor=16),
    Target(r"gzip of a 10 MB body", ratio=1.1, floor=10),
    Target(r"scrapes a second", at_least=500),
    Target(r"1,000 counter series", at_most=1024),
    Target(r"prometheus_client Counter\.inc\(\) over Weir", at_most=0.4),
]


def target_of(work):
    return next((target for target in TARGETS if re.match(target.work, work)), None)


def floor_is_slow(row):
    target = target_of(row.work)
    return bool(target and target.floor and "floor" in row.rivals and row.median("floor") > 1.2 * target.floor)


def print_table(name, rows):
    print(f"\n{name}")
    print(f"  {'work':68} {'floor':>8} {'weir':>8} {'ratio':>6}  {'target':14} {'verdict':8} peers")
    for row in rows:
        floor = f"{row.median('floor'):.3g}" if "floor" in row.rivals else "-"
        ratio = f"{row.ratio():.2f}" if "floor" in row.rivals else "-"
        weir = f"{row.median('weir'):.3g} {row.unit}"
        target = target_of(row.work)
        said = "WRONG" if row.fault else "-" if target is None else "met" if target.is_met(row) else "MISSED"
        peers = ", ".join(f"{peer} {figure:.3g}" for peer, figure in row.peers.items())
        print(f"  {row.work:68} {floor:>8} {weir:>8} {ratio:>6}  {target.text if target else '-':14} {said:8} {peers}")
