"""`./run demo` as a person meets it: exact, quick, clean, and honest when something differs."""
import pathlib
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from conftest import BUILD, CLEAN, ROOT

DEMO = ROOT / "examples" / "demo"
sys.path.insert(0, str(DEMO))
import report  # noqa: E402
import workers  # noqa: E402


@pytest.fixture
def start(tmp_path):
    """Starts the demo with a temporary folder that is seen to be empty afterwards."""
    started = []

    def run(*arguments, **environment):
        started.append(subprocess.Popen(
            ["/usr/bin/python3", DEMO / "demo.py", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**CLEAN, "WEIR_BUILD_DIR": str(BUILD), "TMPDIR": str(tmp_path), **environment}))
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def children_of(pid):
    out = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if stat.read_text().rpartition(")")[2].split()[1] == str(pid):
                out.append(int(stat.parent.name))
        except OSError:
            pass  # ended meanwhile
    return out


def read_until(process, wanted):
    text = ""
    while wanted not in text:
        line = process.stdout.readline()
        assert line, f"{wanted!r} was not said:\n{text}\n{process.stderr.read()}"
        text += line
    return text


def test_the_demo_is_exact_and_leaves_nothing_behind(start, tmp_path):
    demo = start()
    out, err = demo.communicate(timeout=60)
    assert demo.returncode == 0, out + err
    assert "EXACT: 26 series" in out and "DIFFERS" not in out
    assert "Falls of a counter that Prometheus saw: 0" in out
    assert "12 processes, of which 6 were killed" in out
    assert len(re.findall(r"SIGKILL .* in the middle of counting", out)) == 3
    assert err == ""
    assert list(tmp_path.iterdir()) == []


def test_one_round_lost_in_millions_is_found(start, tmp_path_factory):
    build = tmp_path_factory.mktemp("build")
    (build / "bin" / "examples").mkdir(parents=True)
    (build / "bin" / "weir").symlink_to(BUILD / "bin" / "weir")
    liar = build / "bin" / "examples" / "demo_worker"
    liar.write_text(f'#!/bin/sh\n[ "$3" = 0 ] || set -- "$1" "$2" $(($3 - 1)) "$4"\n'
                    f'exec {BUILD}/bin/examples/demo_worker "$@"\n')
    liar.chmod(0o755)
    demo = start(WEIR_BUILD_DIR=str(build))
    out, _ = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert re.search(r'lang="cpp",outcome="served"} +32,400,000 +32,399,982 +32,399,982  DIFFERS', out)
    assert re.search(r'lang="python",outcome="served"} +108,000 +108,000 +108,000  ok', out)


def test_stay_serves_until_ctrl_c_and_then_cleans_up(start, tmp_path):
    demo = start("--stay")
    text = read_until(demo, "the files")
    weir, prometheus = re.findall(r"^  (http://127\.0\.0\.1:\d+)", text, re.MULTILINE)
    assert 'demo_requests_total{' in urllib.request.urlopen(f"{weir}/metrics", timeout=5).read().decode()
    assert urllib.request.urlopen(f"{prometheus}/-/healthy", timeout=5).status == 200
    children = children_of(demo.pid)
    assert len(children) == 8  # six workers, weir serve, Prometheus
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=20) == 0
    assert [pid for pid in children if pathlib.Path(f"/proc/{pid}").exists()] == []
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_in_the_middle_cleans_up(start, tmp_path):
    demo = start()
    read_until(demo, "SIGKILL")
    children = children_of(demo.pid)
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(timeout=20) == 130
    assert children and [pid for pid in children if pathlib.Path(f"/proc/{pid}").exists()] == []
    assert list(tmp_path.iterdir()) == []


def test_without_a_build_it_says_what_to_do(start, tmp_path):
    demo = start(WEIR_BUILD_DIR="/nowhere")
    out, err = demo.communicate(timeout=20)
    assert (demo.returncode, out) == (1, "")
    assert "/nowhere/bin/weir" in err and "./run build" in err


@pytest.mark.parametrize("served, stored, good", [
    ({"a": 5}, {"a": 5}, True), ({"a": 7}, {"a": 7}, True),
    ({"a": 4}, {"a": 4}, False), ({"a": 8}, {"a": 8}, False), ({"a": 5}, {"a": 6}, False),
    ({}, {"a": 5}, False), ({"a": 5}, {}, False), ({"a": 5, "b": 1}, {"a": 5, "b": 1}, False)])
def test_only_equal_numbers_in_range_are_exact(served, stored, good, capsys):
    assert report.compare({"a": (5, 7)}, served, stored, 0) == good
    assert ("EXACT" in capsys.readouterr().out) == good


def test_a_counter_that_fell_is_not_exact(capsys):
    assert not report.compare({"a": (5, 5)}, {"a": 5}, {"a": 5}, 1)


@pytest.mark.parametrize("rounds", [1, 2, 5, 10, 11, 43])
def test_the_truth_is_what_a_thread_counts(rounds):
    truth = {series: value(rounds) for series, value in workers._series_of("cpp", "finished").items()}
    observed = [workers.LATENCIES[i % 4] for i in range(rounds)]
    assert [value for series, value in truth.items() if "failed" in series] == [sum(i % 10 == 0 for i in range(rounds))]
    assert [value for series, value in truth.items() if "_sum" in series] == [sum(observed)]
    assert [value for series, value in truth.items() if "_bucket" in series] == [
        sum(one <= float(bound) for one in observed) for bound, _ in workers.BOUNDS]
