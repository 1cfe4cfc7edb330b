"""I4, from end to end: a damaged, foreign or vanishing file costs itself; `weir show` names it, serves the rest and
ends with 0."""
import os
import random
import struct
import subprocess
import threading

import pytest

from multiprocess_reading import CURRENT, FULL, WEIR, environment, program, run, samples, show, value

HEADER = 8


@pytest.fixture
def directory(memory_directory):
    """What a good C++ process and a good Python process left behind."""
    run([program("faults_thread_churn"), 8], memory_directory)
    subprocess.run([CURRENT, "-c", "from prometheus_client import Counter; Counter('c', 'C').inc(7)"],
                   env=environment(memory_directory), check=True)
    return memory_directory


def check_rest(directory, *named):
    text, said = show(directory)
    found = samples(text)
    assert (value(found, "threads_total"), value(found, "c_total"), value(found, "h_count")) == (24, 7, 8)
    for name in named:
        assert name in said
    if not named:
        assert said == ""
    return found


def good_file(directory):
    return next(directory.glob("counter_*-*.db")).read_bytes()


DAMAGED = {
    "garbage": lambda good: random.Random(1).randbytes(5000),
    "text": lambda good: b"this is a note somebody left here\n" * 40,
    "used_beyond_the_end": lambda good: struct.pack("=i", 1 << 30) + good[4:],
    "used_negative": lambda good: struct.pack("=i", -8) + good[4:],
    "key_length_huge": lambda good: good[:HEADER] + struct.pack("=i", 0x7FFFFFF0) + good[HEADER + 4:],
    "key_length_negative": lambda good: good[:HEADER] + struct.pack("=i", -1) + good[HEADER + 4:],
    "key_is_no_json": lambda good: good[:HEADER + 4] + b"{" * 40 + good[HEADER + 44:],
    "key_is_no_utf8": lambda good: good[:HEADER + 4] + b"\xff" * 40 + good[HEADER + 44:],
    "deep_json": lambda good: good[:HEADER] + struct.pack("=i", 60004) + b"[" * 60004 + bytes(65536 - HEADER - 60008),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_named_and_the_rest_served(directory, kind):
    data = DAMAGED[kind](good_file(directory))
    if data[HEADER:HEADER + 4] == struct.pack("=i", 60004):
        data = struct.pack("=i", len(data)) + data[4:]
    (directory / "gauge_max_666.db").write_bytes(data)
    check_rest(directory, "gauge_max_666.db")


def test_a_truncated_file_serves_what_stands_before_the_damage(directory):
    subprocess.run([CURRENT, "-c", "from prometheus_client import Counter\n"
                    "for i in range(50): Counter(f'k{i:02}', 'K' * 80).inc()"], env=environment(directory), check=True)
    path = max(directory.glob("counter_*.db"), key=lambda p: p.read_bytes().count(b'"k'))
    os.truncate(path, 4000)
    found = check_rest(directory, path.name)
    assert value(found, "k00_total") == 1 and value(found, "k49_total") == 0


@pytest.mark.parametrize("size", [0, 3, 8])
def test_a_file_that_has_just_begun_holds_nothing_yet(directory, size):
    """Stock makes its files empty, then longer: that is no fault."""
    (directory / "counter_666.db").write_bytes(bytes(size))
    text, _ = show(directory)
    assert value(samples(text), "threads_total") == 24


def test_other_files_are_none_of_ours(directory):
    (directory / "README.txt").write_text("hello")
    (directory / ".counter_1.db.tmp").write_bytes(b"\xff" * 100)
    (directory / "folder").mkdir()
    check_rest(directory)


@pytest.mark.parametrize("name", ["metrics.db", "counter.db", "gauge_nomode_12.db", "widget_12.db"])
def test_a_db_file_of_another_name_is_named(directory, name):
    (directory / name).write_bytes(good_file(directory))
    check_rest(directory, name)


def test_special_files_do_not_hang_the_reader(directory):
    os.mkfifo(directory / "counter_1.db")
    os.symlink("/dev/zero", directory / "counter_2.db")
    os.symlink("nowhere", directory / "counter_3.db")
    (directory / "counter_4.db").mkdir()
    check_rest(directory, "counter_1.db", "counter_2.db", "counter_4.db")


def test_any_flipped_bytes_cost_at_most_their_file(directory):
    """Seeded damage anywhere in a file: the reader ends well and every other file is whole."""
    good = good_file(directory)[:4096]
    source = random.Random(4)
    for _ in range(2000 if FULL else 150):
        data = bytearray(good)
        for _ in range(source.randrange(1, 30)):
            data[source.randrange(len(data) if source.random() < 0.5 else 200)] = source.randrange(256)
        (directory / "gauge_max_666.db").write_bytes(data[:source.randrange(len(data))])
        result = subprocess.run([WEIR, "show", "--dir", directory], capture_output=True, timeout=20)
        assert result.returncode == 0
        assert b"\nc_total 7\n" in result.stdout and b"\nh_count 8\n" in result.stdout


def test_files_that_come_grow_shrink_and_go_while_they_are_read(directory):
    stop = threading.Event()
    good = good_file(directory)

    def disturb():
        source = random.Random(5)
        while not stop.is_set():
            path = directory / f"gauge_max_{source.randrange(6)}.db"
            action = source.randrange(4)
            if action == 0:
                path.write_bytes(good)
            elif action == 1:
                path.unlink(missing_ok=True)
            elif action == 2 and path.exists():
                os.truncate(path, source.randrange(len(good)))
            elif path.exists():
                with open(path, "ab") as file:
                    file.write(source.randbytes(1000))

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(1000 if FULL else 100):
            text, _ = show(directory)
            found = samples(text)
            assert value(found, "c_total") == 7 and value(found, "h_count") == 8
    finally:
        stop.set()
        thread.join()
