"""No room and no way in: a full disk, a file size limit, a directory that cannot be written. Nothing crashes, nothing
counted is lost."""
import subprocess

import pytest

from multiprocess_reading import environment, program, read, run, value


def mounted(directory, options):
    """A small tmpfs over `directory`. Fails where mounting is not permitted: this must be tested."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "weir-test", str(directory)], check=True)


@pytest.fixture
def small_disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    mounted(path, "size=600k")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def check(directory, result, word):
    truth = {name: int(number) for name, number in (line.split() for line in result.stdout.splitlines())}
    found = read(directory)
    children = {labels[0][1]: v for (name, labels), v in found.items() if name == "early_total"}
    assert children.pop("0") == truth["early"]
    assert children == {str(i): 5.0 for i in range(1, truth["stored"] + 1)}  # one by main, one by each of four threads
    assert value(found, "after_total") == truth["after_total"]
    assert "late_count" not in {name for name, _ in found}
    lines = result.stderr.splitlines()
    assert len(lines) == 2, lines
    for line, name in zip(lines, ("early", "late")):
        assert f"metric {name}: kept in this process's memory only" in line and word in line and str(directory) in line
    # counters, exemplars, nothing half made
    assert sorted(path.suffix for path in directory.iterdir()) == [".db", ".weir"]


def test_a_full_disk_costs_the_metrics_it_refused_and_no_other(small_disk):
    directory = small_disk / "metrics"
    check(directory, run([program("faults_full_disk"), small_disk / "filler"], directory), "No space left")


def test_a_file_size_limit_is_an_error_and_no_signal(tmp_path):
    check(tmp_path, run([program("faults_full_disk"), "limit"], tmp_path), "File too large")


def test_a_missing_directory_is_made(tmp_path):
    run([program("faults_thread_churn"), 8], tmp_path / "a" / "b")
    assert value(read(tmp_path / "a" / "b"), "threads_total") == 24


def test_a_directory_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    result = run([program("faults_fork_writer"), "silent"], tmp_path / "file", check=False)
    assert result.returncode != 0 and str(tmp_path / "file") in result.stderr and "irectory" in result.stderr


def test_a_read_only_file_system_is_named(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    result = run([program("faults_fork_writer"), "silent"], small_disk, check=False)
    assert result.returncode != 0 and str(small_disk) in result.stderr and "Read-only file system" in result.stderr


def test_a_directory_without_permission_is_named(memory_directory):
    memory_directory.chmod(0o555)
    result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                             program("faults_fork_writer"), "silent"],
                            env=environment(memory_directory), capture_output=True, text=True, timeout=60)
    assert result.returncode != 0 and str(memory_directory) in result.stderr and "Permission denied" in result.stderr
