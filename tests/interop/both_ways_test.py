"""I5: Weir and stock Python share a directory, each reads what the other wrote, and both find the same."""
import os
import random
import shutil
import subprocess
import threading

import pytest

from multiprocess_reading import CURRENT, DEBIAN, FULL, headings, read, samples, show, stock, value
from processes import Writers, operation

PYTHON = {"current": CURRENT, "0.16": DEBIAN}
PAIRS = {"current": ("weir", "python"), "0.16": ("weir-0.16", "python-0.16")}
OLD_MODES = ("all", "liveall", "min", "max", "livesum")  # every version since multiprocess mode began
MODES = {"current": (*OLD_MODES, "livemin", "livemax", "sum", "mostrecent", "livemostrecent"),
         "0.16": (*OLD_MODES, "livemin", "livemax", "sum")}
VALUES = ("", "plain", 'qu"ote', "back\\slash", "new\nline", "tab\there", "ünïcödé", "\U0001f40d", "\x7f\x01",
          "a" * 300, "{},=")
BOUNDS = ("0.25,1,2.5,10", "1,2", "1000000,1e20,inf")


def same(directory, layout):
    """Weir and the stock reader of that layout agree on every sample, type and help."""
    ours, said = show(directory)
    theirs = stock(directory, PYTHON[layout])
    assert said == ""
    assert samples(ours) == samples(theirs)
    assert headings(ours) == headings(theirs)
    return samples(ours)


def random_script(source, layout, length=60):
    """Operations on metrics of every type; amounts are sums of powers of two, so that totals are exact in any order."""
    def amount():
        return source.choice((1, 2, 0.5, 0.25, 1024, 3))

    def labels(names):
        return {name: source.choice(VALUES) for name in names}

    script = []
    for _ in range(length):
        thread = source.randrange(4)
        which = source.randrange(6)
        kind = source.choice(("counter", "gauge", "histogram", "summary"))
        if kind == "counter":
            names = ((), ("method",), ("z", "a"))[which % 3]
            script.append(operation(kind, f"c{which}", amount(), labels(names), f"Help {which}.", thread=thread))
        elif kind == "gauge":
            mode = source.choice(MODES[layout])
            verb = "set" if "mostrecent" in mode else "inc"
            script.append(operation(kind, f"g_{mode}", amount(), labels(("l",)), "G \\ \n \"", mode, verb))
        elif kind == "histogram":
            script.append(operation(kind, f"h{which % 3}", amount(), labels(("l",) if which % 3 else ()), "H",
                                    BOUNDS[which % 3], thread=thread))
        else:
            script.append(operation(kind, "s", amount(), labels(("x", "y")), "S", thread=thread))
    return script


@pytest.mark.parametrize("layout", PAIRS)
@pytest.mark.parametrize("seed", range(200 if FULL else 12))
def test_random_programs_of_both_give_both_readers_the_same(memory_directory, layout, seed):
    source = random.Random(seed)
    with Writers() as writers:
        for kind in (*PAIRS[layout], source.choice(PAIRS[layout])):
            writers.add(kind, memory_directory).run(random_script(source, layout))
        assert same(memory_directory, layout)


@pytest.mark.parametrize("layout", PAIRS)
@pytest.mark.parametrize("seed", (101, 102))
def test_one_program_run_by_weir_reads_as_run_by_python(tmp_path, layout, seed):
    """The truth of a program is what stock Python makes of it, written and read by stock alone."""
    script = [line for line in random_script(random.Random(seed), layout, 200)
              if "live" not in line and "all" not in line]
    found = {}
    for kind, reader in zip(PAIRS[layout], (lambda d: read(d), lambda d: samples(stock(d, PYTHON[layout])))):
        with Writers() as writers:
            writers.add(kind, tmp_path / kind if kind.startswith("weir") else made(tmp_path / kind)).run(script)
            found[kind] = reader(tmp_path / kind)
    (_, ours), (_, theirs) = found.items()
    pid_free = [{key: v for key, v in one.items() if not any(name == "pid" for name, _ in key[1])}
                for one in (ours, theirs)]
    assert pid_free[0] == pid_free[1] and pid_free[0]


def made(path):
    path.mkdir()
    return path


@pytest.mark.parametrize("layout", PAIRS)
def test_python_reads_what_weir_counts_in_several_slots(memory_directory, layout):
    with Writers() as writers:
        script = [operation(kind, kind, 2, {"path": '/ü"\\\n'}, detail="1,2,5" if kind == "histogram" else "-",
                            thread=thread)
                  for thread in range(8) for kind in ("counter", "histogram", "summary") for _ in range(10)]
        writers.add(PAIRS[layout][0], memory_directory).run(script)
        found = same(memory_directory, layout)
    assert value(found, "counter_total", path='/ü"\\\n') == 160
    assert value(found, "histogram_bucket", path='/ü"\\\n', le="2.0") == 80
    assert value(found, "summary_sum", path='/ü"\\\n') == 160


def test_python_shows_info_and_enum_as_gauges(memory_directory):
    with Writers() as writers:
        writers.add("weir", memory_directory).run([operation("info", "build", "1.2 ü"),
                                                   operation("enum", "phase", "running", detail="starting,running")])
        found = same(memory_directory, "current")
    assert value(found, "build_info", version="1.2 ü") == 1
    assert (value(found, "phase", phase="running"), value(found, "phase", phase="starting")) == (1, 0)


def test_all_four_count_into_one_directory_at_once_while_it_is_read(memory_directory):
    """Only Weir reads both layouts in one directory; its totals never fall and end exact (I2)."""
    rounds, each = (50, 200) if FULL else (6, 100)
    script = [operation("counter", "c", 1, {"who": "x"}, thread=i % 3) for i in range(each)]
    script += [operation("histogram", "h", 0.5, detail="1,2", thread=i % 3) for i in range(each)]
    seen = []
    stop = threading.Event()

    def scrape():
        while not stop.is_set():
            found = read(memory_directory)
            seen.append((value(found, "c_total", who="x"), value(found, "h_count")))

    reader = threading.Thread(target=scrape)
    with Writers() as writers:
        for kind in ("weir", "weir-0.16", "python", "python-0.16") * 2:
            writers.add(kind, memory_directory)
        for writer in writers:
            writer.run(script)  # an empty directory makes `weir show` say so
        reader.start()
        try:
            for _ in range(rounds - 1):
                for writer in writers:
                    writer.start(script)
                for writer in writers:
                    writer.finish()
        finally:
            stop.set()
            reader.join()
        found = read(memory_directory)
    total = 8 * rounds * each
    assert value(found, "c_total", who="x") == value(found, "h_count") == total
    assert value(found, "h_sum") == total / 2
    assert len(seen) > 1 and all(a <= b for before, after in zip(seen, seen[1:]) for a, b in zip(before, after))


def own_files(directory, pid):
    return {path.name: path.read_bytes() for path in directory.iterdir() if f"_{pid}" in path.name}


def test_stock_with_the_same_pid_leaves_weirs_nonce_files_alone(memory_directory):
    """P3: another container's Python may have our pid; its files have other names."""
    script = [operation("counter", "c", 3), operation("gauge", "g", 4, detail="sum"),
              operation("histogram", "h", 1, detail="1,2"), operation("summary", "s", 1)]
    with Writers() as writers:
        ours = writers.add("weir", memory_directory)
        ours.run(script)
        before = own_files(memory_directory, ours.pid)
        elsewhere = made(memory_directory.parent / (memory_directory.name + "-other"))
        try:
            theirs = writers.add("python", elsewhere)
            theirs.run(script)
            for path in elsewhere.iterdir():
                target = memory_directory / path.name.replace(str(theirs.pid), str(ours.pid))
                assert not target.exists()
                shutil.copy(path, target)
        finally:
            shutil.rmtree(elsewhere)
        assert {name: own_files(memory_directory, ours.pid)[name] for name in before} == before
        assert value(same(memory_directory, "current"), "c_total") == 6


def test_weir_with_the_pid_of_a_stock_file_takes_another_identity(memory_directory):
    """Nothing of ours continues an existing file."""
    with Writers() as writers:
        first = writers.add("python", memory_directory)
        first.run([operation("gauge", "g", 4, detail="all")])
        stock_file = memory_directory / f"gauge_all_{first.pid}.db"
        content = stock_file.read_bytes()

        def take_its_name():
            os.rename(stock_file, memory_directory / f"gauge_all_{os.getpid()}.db")

        ours = writers.add("weir", memory_directory, preexec_fn=take_its_name)
        ours.run([operation("gauge", "g", 5, detail="all"), operation("gauge", "g", 6, detail="all")])
        assert (memory_directory / f"gauge_all_{ours.pid}.db").read_bytes() == content
        found = same(memory_directory, "current")
    assert value(found, "g", pid=str(ours.pid)) == 4 and value(found, "g", pid=f"{ours.pid}-1") == 6


def test_stocks_mark_process_dead_removes_our_live_gauges(memory_directory):
    modes = ("liveall", "livemin", "livemax", "livesum", "livemostrecent")
    with Writers() as writers:
        ours = writers.add("weir", memory_directory)
        ours.run([operation("gauge", f"g_{mode}", 1, detail=mode) for mode in (*modes, "max", "all")])
        assert len(same(memory_directory, "current")) == 7
        subprocess.run([CURRENT, "-c",
                        f"from prometheus_client import multiprocess; multiprocess.mark_process_dead({ours.pid}, "
                        f"{str(memory_directory)!r})"], check=True)
        assert {name for name, _ in same(memory_directory, "current")} == {"g_max", "g_all"}


@pytest.mark.parametrize("kind, shown", [("weir", False), ("python", True)])
def test_live_gauges_of_the_dead_are_left_out_when_the_file_tells(memory_directory, kind, shown):
    """Weir's files carry their owner's lock; stock files tell nothing and are shown as stock shows them."""
    with Writers() as writers:
        writer = writers.add(kind, memory_directory)
        writer.run([operation("gauge", "g", 1, detail="livesum"), operation("counter", "c", 1)])
        assert value(read(memory_directory), "g") == 1
        writer.kill()
        found = read(memory_directory)
    assert value(found, "c_total") == 1
    assert (("g", ()) in found) == shown
