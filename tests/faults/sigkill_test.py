"""I1 under SIGKILL at random instants: what was acknowledged is in the metrics, and at most one more a thread."""
import mmap
import os
import random
import subprocess
import time

import pytest

from multiprocess_reading import DEBIAN, CURRENT, FULL, environment, program, read, samples, show, stock, value

COLUMNS = 16
KILLS = 5000 if FULL else 500
BATCH = 50
MODES = ("count", "register", "threads")
LONGEST = {"count": 0.010, "register": 0.030, "threads": 0.060}  # seconds; registering everything takes about as long
OTHERS = 100_000  # increments by other threads and processes around each kill


class Acks:
    """The page the writers acknowledge in."""

    def __init__(self, path, rows):
        self.path = path
        path.write_bytes(bytes(rows * COLUMNS * 8))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)
        self.numbers = memoryview(self.map).cast("Q")

    def row(self, number):
        return list(self.numbers[number * COLUMNS:(number + 1) * COLUMNS])

    def total(self):
        return sum(self.numbers)

    def shared(self, rows):
        return sum(sum(self.row(row)[2:4]) for row in range(rows))


def spawn(acks, row, mode, directory):
    return subprocess.Popen([program("faults_kill_writer"), acks.path, str(row), mode], env=environment(directory),
                            stderr=subprocess.PIPE)


def kill(process):
    process.kill()
    said = process.communicate()[1]
    assert process.returncode == -9 and said == b"", said


def kill_at_random(random_source, acks, row, mode, directory):
    """One victim, killed at a random instant of its life, among OTHERS increments at least."""
    before = acks.total()
    process = spawn(acks, row, mode, directory)
    time.sleep(random_source.uniform(0, LONGEST[mode]))
    deadline = time.monotonic() + 30
    while acks.total() - before < OTHERS:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.0002)
    kill(process)


def observed(n):
    """Bucket counts (1, 2, 3, +Inf, cumulated) and sum after n observations of kill_writer."""
    at = [n // 4 + (1 if n % 4 >= k and k > 0 else 0) for k in (0, 1, 2, 3)]  # of values 1, 2, 3, 4
    return [at[0], at[0] + at[1], sum(at[:3]), sum(at)], at[0] + 2 * at[1] + 3 * at[2] + 4 * at[3]


def check_row(found, row, acks):
    name = str(row)
    for thread in (0, 1):
        assert 0 <= value(found, "own_total", row=name, thread=str(thread)) - acks[thread] <= 1
    count = value(found, "h_count", row=name)
    assert 0 <= count - acks[4] <= 1
    buckets, total = observed(int(count))
    assert [value(found, "h_bucket", row=name, le=le) for le in ("1.0", "2.0", "3.0", "+Inf")] == buckets
    sums = {observed(acks[4])[1], observed(acks[4] + 1)[1]}
    assert value(found, "h_sum", row=name) in sums and value(found, "h_sum", row=name) <= total
    assert 0 <= value(found, "s_count", row=name) - acks[5] <= 1
    assert value(found, "s_sum", row=name) in {observed(acks[5])[1], observed(acks[5] + 1)[1]}
    assert 0 <= value(found, "g_sum", row=name) - acks[6] <= 1
    assert 0 <= value(found, "g_recent", row=name) - acks[7] <= 1


def check_children(mine, acks):
    """Every child registered before the kill holds its one increment; the one that was being made has it or not."""
    assert all(mine.pop(i, 0) == 1 for i in range(acks[8]))
    assert set(mine) <= {acks[8]} and set(mine.values()) <= {0, 1}


def check_all(found, rows, acks):
    counted = [acks.row(row) for row in range(rows)]
    firsts = [0.0] * rows
    children = [{} for _ in range(rows)]
    for (name, labels), v in found.items():
        if name == "firsts_total":
            firsts[int(dict(labels)["row"])] += v
        elif name == "children_total":
            children[int(dict(labels)["row"])][int(dict(labels)["i"])] = v
    for row, ack in enumerate(counted):
        check_row(found, row, ack)
        check_children(children[row], ack)
        assert 0 <= firsts[row] - sum(ack[9:13]) <= 4
    shared = sum(sum(ack[2:4]) for ack in counted)
    assert 0 <= value(found, "shared_total") - shared <= 2 * rows


@pytest.mark.parametrize("batch", range(KILLS // BATCH))
def test_what_was_acknowledged_before_a_sigkill_is_counted_once(memory_directory, batch):
    seed = int(os.environ.get("WEIR_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
    print("WEIR_TEST_SEED", seed)
    source = random.Random(seed * 1000 + batch)
    directory = memory_directory / "metrics"
    acks = Acks(memory_directory / "acks", BATCH + 1)
    steady = spawn(acks, BATCH, "steady", directory)  # counts all the time, dies last
    lowest = 0.0
    try:
        for row in range(BATCH):
            kill_at_random(source, acks, row, MODES[row % len(MODES)], directory)
            if row % 10 == 9:  # a scrape in between: bounded by what was acknowledged before and after, and never less
                before = acks.shared(BATCH + 1)
                scraped = value(read(directory, "--name", "shared"), "shared_total")
                assert before <= scraped <= acks.shared(BATCH + 1) + 2 * (BATCH + 1)
                assert scraped >= lowest
                lowest = scraped
    finally:
        kill(steady)
    text, said = show(directory)
    assert said == ""
    found = samples(text)
    check_all(found, BATCH + 1, acks)
    if batch == 0:
        assert samples(stock(directory, CURRENT)) == found


def test_what_was_acknowledged_in_the_old_layout_is_counted_once(memory_directory):
    directory = memory_directory / "metrics"
    acks = Acks(memory_directory / "acks", 12)
    source = random.Random(16)
    for row in range(12):
        process = subprocess.Popen([program("faults_kill_writer"), acks.path, str(row), MODES[1 + row % 2]],
                                   env=environment(directory, WEIR_FILE_LAYOUT="0.16"))
        time.sleep(source.uniform(0.005, 0.04))
        process.kill()
        process.wait()
    found = read(directory)
    check_all(found, 12, acks)
    assert samples(stock(directory, DEBIAN)) == found
