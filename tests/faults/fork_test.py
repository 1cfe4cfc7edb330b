"""I7: fork at any moment, from any thread's commotion, costs no count and never deadlocks."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from multiprocess_reading import FULL, environment, program, read, run, value


def metric_files(directory):
    return [path for path in directory.iterdir() if path.suffix == ".db"]


def check(directory, said):
    """Compares the directory with what the program says it counted."""
    found = read(directory)
    truth = {name: float(number) for name, number in (line.split() for line in said.splitlines())}
    found["registered", ()] = sum(v for (name, _), v in found.items() if name == "registered_total")
    if "files" in truth:
        assert len(metric_files(directory)) == truth.pop("files")
    assert {name: value(found, name) for name in truth} == truth


@pytest.mark.parametrize("repeat", range(20 if FULL else 1))
@pytest.mark.parametrize("scenario", ["storm", "behind_the_back", "spawn", "silent"])
def test_forks_cost_no_count(memory_directory, scenario, repeat):
    check(memory_directory, run([program("faults_fork_writer"), scenario], memory_directory).stdout)


def test_fork_may_race_the_first_metric(memory_directory):
    for i in range(1000 if FULL else 100):
        directory = memory_directory / str(i)
        check(directory, run([program("faults_fork_writer"), "first_use"], directory).stdout)


def gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("scenario", ["orphan", "orphan_exec"])
def test_a_childs_life_does_not_prolong_its_parents(memory_directory, scenario):
    parent = subprocess.Popen([program("faults_fork_writer"), scenario], env=environment(memory_directory),
                              stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline().split()[1])
    try:
        assert value(read(memory_directory), "alive") == 9
        deadline = time.monotonic() + 20
        while any(".db" in os.readlink(fd) for fd in pathlib.Path(f"/proc/{child}/fd").iterdir()):
            assert time.monotonic() < deadline
        parent.kill()
        parent.wait()
        found = read(memory_directory)
        assert ("alive", ()) not in found and value(found, "counted_total") == 3
        assert not gone(child)
    finally:
        os.kill(child, signal.SIGKILL)  # first: it holds the pipe too
        parent.kill()
        parent.communicate()
