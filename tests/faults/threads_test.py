"""I7 in one process: threads that come and go, signals that interrupt them, and I3: what counting costs the kernel."""
import signal

from multiprocess_reading import FULL, program, read, run, value


def truth_of(said):
    return {name: float(number) for name, number in (line.split() for line in said.splitlines())}


def test_ten_thousand_threads_leave_the_slots_of_eight(memory_directory):
    truth = truth_of(run([program("faults_thread_churn"), 100_000 if FULL else 10_000], memory_directory).stdout)
    found = read(memory_directory)
    for name in ("threads_total", "h_count", "h_sum"):
        assert value(found, name) == truth.pop(name)
    assert {what: value(found, "ends_total", what=what) for what in truth} == truth
    assert [path.stat().st_size for path in memory_directory.glob("*.db")] == [65536, 65536]


def test_a_handler_that_interrupts_an_increment_loses_nothing(memory_directory):
    truth = truth_of(run([program("faults_signal_writer"), "tight", 1_000_000 if FULL else 20_000],
                         memory_directory).stdout)
    found = read(memory_directory)
    assert truth["g"] >= 20_000
    assert {name: value(found, name) for name in truth} == truth


def test_a_handler_that_interrupts_a_registration_neither_waits_nor_loses(memory_directory):
    result = run([program("faults_signal_writer"), "registering", 1_000_000 if FULL else 20_000], memory_directory)
    assert result.stderr == ""  # no child was refused its place in the file
    truth = truth_of(result.stdout)
    found = read(memory_directory)
    assert sum(v for (name, _), v in found.items() if name == "registered_total") == truth.pop("registered")
    assert {name: value(found, name) for name in truth} == truth


def test_counting_makes_no_system_call_and_no_page_fault(memory_directory):
    result = run([program("faults_quiet_writer")], memory_directory)
    assert truth_of(result.stdout) == {"faults": 0}
    found = read(memory_directory)
    names = ("counted_total", "labelled_total", "h_count", "s_count", "g_sum")
    assert [sum(v for (name, _), v in found.items() if name == wanted) for wanted in names] == [10_000_002] * 5


def test_the_quiet_writer_is_killed_by_a_system_call(memory_directory):
    assert run([program("faults_quiet_writer"), "noisy"], memory_directory, check=False).returncode == -signal.SIGSYS
