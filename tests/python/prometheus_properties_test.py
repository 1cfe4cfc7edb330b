"""The same random program over stock prometheus_client and over Weir: every scrape shows the same.

What upstream does differently, and why it is left out here, stands in docs/coming-from.md: the random programs mark
every process dead that has ended, remove no label sets of gauges, set mostrecent gauges before they are scraped, and
never make one series twice in a process.
"""
import json
import pathlib
import re
import subprocess
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from prometheus_programs import CLEAN, CURRENT, DEBIAN
from multiprocess_reading import FULL

RUNNER = pathlib.Path(__file__).with_name("prometheus_random_runner.py")
OLD_MODES = ("all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum")
MODES = {DEBIAN: OLD_MODES, CURRENT: (*OLD_MODES, "mostrecent", "livemostrecent")}
LABEL_VALUES = ("", "plain", 'qu"ote', "back\\slash", "new\nline", "ünï", "\U0001f40d", "{},= ")
AMOUNTS = (0, 0.25, 0.5, 1, 2, 3, 1024, 1e6)  # sums are exact in any order
SCRAPE = ["scrape"]


class Runner:
    def __init__(self, python, kind):
        variables = {**CLEAN, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen([python, RUNNER, kind], env=variables, text=True, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)

    def run(self, generations):
        with tempfile.TemporaryDirectory(prefix="weir-random-", dir="/dev/shm") as directory:
            self._process.stdin.write(json.dumps({"directory": directory, "generations": generations}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
            assert line, f"the runner ended with {self._process.wait(timeout=30)}"
            result = json.loads(line)
            assert isinstance(result, list), result["error"]
            return result

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0
        self._process.stdout.close()


@pytest.fixture(scope="module", params=[DEBIAN, CURRENT], ids=["debian", "current"])
def runners(request):
    pair = Runner(request.param, "stock"), Runner(request.param, "weir")
    yield (request.param, *pair)
    for runner in pair:
        runner.close()


def metric_names(python, *kinds):
    names = {"c": (("c0", 0), ("c1_total", 1), ("c2", 2)), "s": (("s0", 0), ("s1", 1)), "h": (("h0", 0), ("h1", 1)),
             "g": [(f"g{labels}_{mode}", labels) for mode in MODES[python] for labels in (0, 1)]}
    return [name for kind in kinds for name in names[kind]]


def with_labels(names):
    def one_of(name, count):
        return st.tuples(st.just(name), st.lists(st.sampled_from(LABEL_VALUES), min_size=count, max_size=count))
    return st.sampled_from(names).flatmap(lambda pair: one_of(*pair))


def calls(names, verbs, amounts=AMOUNTS):
    return st.builds(lambda name, verb, amount: ["call", *name, verb, amount], with_labels(names),
                     st.sampled_from(verbs), st.sampled_from(amounts))


def operations(python):
    recent = [name for name in metric_names(python, "g") if "recent" in name[0]]
    other = [name for name in metric_names(python, "g") if "recent" not in name[0]]
    signed = (*AMOUNTS, -0.5, -3)
    removable = [name for name in metric_names(python, "c", "s", "h") if name[1]]
    one = st.one_of(
        calls(metric_names(python, "c"), ["inc"]), calls(metric_names(python, "s", "h"), ["observe"]),
        calls(other, ["inc", "dec", "set"], signed), *([calls(recent, ["set"], signed)] if recent else []),
        st.builds(lambda name: ["remove", *name], with_labels(removable)),
        st.builds(lambda name: ["get", *name], with_labels([*metric_names(python, "c", "s", "h"), *other])),
        st.sampled_from([["call", "i0", [], "info", {"version": "1"}], ["call", "e0", [], "state", "off"], SCRAPE]))
    return st.recursive(
        st.lists(one, max_size=8),
        lambda inner: st.lists(st.one_of(one, st.builds(lambda o: ["fork", o], inner),
                                         st.builds(lambda i: ["end", i], st.integers(0, 3))), max_size=8), max_leaves=4)


def renamed(labels, pids):
    """The labels, with the process's place in the order of birth for its pid."""
    return tuple(sorted((k, f"p{pids.index(v)}" if k == "pid" else v) for k, v in labels.items()))


def families(parsed, pids):
    found = {}
    for metric in parsed:
        samples = {(s.name, renamed(s.labels, pids)): s.value for s in metric.samples}
        assert metric.name not in found and len(samples) == len(metric.samples), "twice"
        found[metric.name] = metric.type, metric.documentation, samples
    return found


def openmetrics_lines(text, pids):
    """By lines, because the order in which 0.16 writes a histogram's samples is none that its own parser takes."""
    text = re.sub(r'pid="(\d+)"', lambda pid: f'pid="p{pids.index(pid.group(1))}"', text)
    lines = text.splitlines()
    samples = [line.rsplit(" ", 1) for line in lines if line[0] != "#"]
    return sorted(line for line in lines if line[0] == "#"), sorted((name, float(value)) for name, value in samples)


def shown(answer):
    """What a scrape says, without the order of series and the spelling of numbers; a get is as it is."""
    if isinstance(answer, list):
        return answer
    pids = answer["pids"]
    return [families(text_string_to_metric_families(answer["text"]), pids),
            openmetrics_lines(answer["openmetrics"], pids),
            {name: (kind, text, {(n, renamed(labels, pids)): v for n, labels, v in samples})
             for name, kind, text, samples in answer["collected"]}]


def test_random_programs_show_the_same(runners):
    python, stock, ours = runners

    @settings(max_examples=2000 if FULL else 40, deadline=None, database=None, derandomize=not FULL,
              suppress_health_check=list(HealthCheck))
    @given(st.lists(operations(python).map(lambda o: [*o, SCRAPE]), min_size=1, max_size=3))
    def same(generations):
        answers = ours.run(generations)
        assert list(map(shown, answers)) == list(map(shown, stock.run(generations)))
        for answer in answers:
            if isinstance(answer, dict):
                list(openmetrics_parser.text_string_to_metric_families(answer["openmetrics"]))  # raises what it refuses

    same()
