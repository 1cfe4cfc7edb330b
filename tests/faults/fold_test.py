"""Folding the dead: exactly once, wherever it is killed, whoever folds or scrapes meanwhile (I1, I2, I8; protocol
P6)."""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import time

from multiprocess_reading import CLEAN, WEIR, environment, program, read, samples, show
from processes import Writer, Writers, operation


def fold(directory, *arguments):
    result = subprocess.run([WEIR, "fold", "--dir", str(directory), *arguments], capture_output=True, text=True,
                            timeout=120, env=CLEAN)
    assert result.returncode == 0, result.stderr
    return result.stdout


def write_past(directory):
    """Three processes of every kind that have ended, one of them by SIGKILL."""
    for number in range(3):
        writer = Writer("weir", directory)
        writer.run([operation("counter", "jobs_total", 0.1 + number, {"kind": "a"}),
                    operation("counter", "jobs_total", 1e16, {"kind": "large"}),
                    operation("histogram", "size", 0.3, detail="1,2"),
                    operation("summary", "time", 0.7),
                    operation("gauge", "largest", number, detail="max"),
                    operation("gauge", "newest", number, detail="mostrecent"),
                    operation("gauge", "each", number, detail="all"),
                    operation("gauge", "now", number, detail="livesum")])
        if number > 0:
            writer.end()
        writer.kill()
    # A directory that has just changed is listed twice, and one of the future is, each time: its copies are read by the
    # same system calls.
    os.utime(directory, (time.time() + 3600, time.time() + 3600))


def without(found, *names):
    return {key: value for key, value in found.items() if key[0] not in names}


def system_calls(command, directory, log, status=0):
    """[(name, how many of that name there were)] of `weir COMMAND`, from the first that names the directory on."""
    result = subprocess.run(["strace", "-f", "-o", log, WEIR, command, "--dir", directory], capture_output=True,
                            timeout=60, env=CLEAN)
    assert result.returncode == status, result.stderr
    met, calls, begun = {}, [], False
    for line in log.read_text(errors="replace").split("\n"):
        match = re.match(r"\d+ +([a-z0-9_]+)\(", line)
        if not match:
            continue
        met[match.group(1)] = met.get(match.group(1), 0) + 1
        begun = begun or (str(directory) in line and match.group(1) != "execve")
        if begun:
            calls.append((match.group(1), met[match.group(1)]))
    return calls


def injected(call, signal_name, command, directory, log="/dev/null"):
    """`weir COMMAND` that gets a signal at one system call."""
    name, nth = call
    return ["strace", "-f", "-qq", "-o", log, "-e", f"trace={name}", "-e",
            f"inject={name}:signal={signal_name}:when={nth}", WEIR, command, "--dir", directory]


def test_a_fold_killed_at_any_system_call_changes_no_total(tmp_path, memory_directory):
    past = memory_directory / "past"
    past.mkdir()
    write_past(past)
    damaged = next(past.glob("histogram_*.db"))
    damaged.write_bytes(damaged.read_bytes()[:300])  # as far as it goes
    truth = samples(show(past)[0])
    rehearsal = memory_directory / "rehearsal"
    shutil.copytree(past, rehearsal)
    calls = system_calls("fold", rehearsal, tmp_path / "calls", status=1)  # it names the damage
    assert {"fsync", "rename", "unlink"} <= {name for name, _ in calls}

    def killed_at(number):
        directory = memory_directory / f"killed{number}"
        shutil.copytree(past, directory)
        result = subprocess.run(injected(calls[number], "SIGKILL", "fold", directory), capture_output=True, timeout=60,
                                env=CLEAN)
        between = samples(show(directory)[0])
        subprocess.run([WEIR, "fold", "--dir", directory], capture_output=True, timeout=60, env=CLEAN)
        after = read(directory)
        left = sorted(path.name for path in directory.iterdir() if "_all_" not in path.name)
        shutil.rmtree(directory)
        return calls[number], result.returncode, between, after, left

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(killed_at, range(len(calls))))
    died = 0
    for where, status, between, after, left in results:
        died += status not in (0, 1)
        assert between == truth, where
        assert after == truth, where
        assert damaged.name + ".damaged" in left, (where, left)
        assert all("_archive.db" in name or name == damaged.name + ".damaged" for name in left), (where, left)
    assert died >= len(calls) - 1  # all but exit_group, which comes to the same


def test_a_fold_of_stock_files_killed_at_any_change_of_a_name_changes_no_total(memory_directory):
    """Those of a kind change first, all of them; the next fold takes over what the killed one had taken."""
    past = memory_directory / "past"
    past.mkdir()
    for number in range(3):
        writer = Writer("python", past)
        writer.run([operation("counter", "jobs_total", 0.1 + number, {"kind": "a"}), operation("summary", "time", 0.7)])
        writer.end()
    truth = samples(show(past)[0])
    most_taken = 0
    for number in range(1, 40):
        directory = memory_directory / f"killed{number}"
        shutil.copytree(past, directory)
        killed = subprocess.run([*injected(("rename", number), "SIGKILL", "fold", directory), "--stock"],
                                capture_output=True, timeout=60, env=CLEAN)
        if killed.returncode == 0:  # there are fewer renames than that
            break
        taken = [path for path in directory.glob("*.db") if re.search("-[0-9a-f]{16}[.]db$", path.name)]
        most_taken = max(most_taken, len(taken))
        assert samples(show(directory)[0]) == truth, number
        fold(directory, "--stock")
        assert samples(show(directory)[0]) == truth, number
        assert all("_archive.db" in path.name for path in directory.glob("*.db")), list(directory.iterdir())
    assert number > 6  # each file, and the archives
    assert most_taken == 3  # all of a kind, before any goes


def stopped_process(strace, log):
    """The pid of what strace runs, once the signal has stopped it; 0 when it ended before."""
    deadline = time.monotonic() + 30
    while strace.poll() is None:
        assert time.monotonic() < deadline
        match = re.search(r"^(\d+) +--- stopped by SIGSTOP ---",
                          log.read_text(errors="replace") if log.exists() else "", re.M)
        if match:
            return int(match.group(1))
        time.sleep(0.002)
    return 0


def test_two_whole_folds_between_any_two_system_calls_of_a_scrape_change_no_total(tmp_path, memory_directory):
    """The second fold drops the names of what the first one folded."""
    past, nothing = memory_directory / "past", memory_directory / "nothing"
    past.mkdir()
    nothing.mkdir()
    write_past(past)
    with Writers() as writers:  # a process that counted nothing: its fold changes no total
        writers.add("weir", nothing).run([operation("counter", "jobs_total", 0, {"kind": "a"})])
    truth = without(read(past), "each", "now")
    calls = system_calls("show", past, tmp_path / "calls")
    assert {"openat", "pread64", "getdents64"} <= {name for name, _ in calls}

    def stopped_at(number):
        directory = memory_directory / f"stopped{number}"
        shutil.copytree(past, directory)
        log = tmp_path / f"log{number}"
        with subprocess.Popen(injected(calls[number], "SIGSTOP", "show", directory, log), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=CLEAN, start_new_session=True) as process:
            try:
                pid = stopped_process(process, log)
                fold(directory)
                for path in nothing.iterdir():
                    shutil.copy(path, directory)
                fold(directory)
                if pid:
                    os.kill(pid, signal.SIGCONT)
                out, said = process.communicate(timeout=60)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # what is stopped would never end
                raise
        shutil.rmtree(directory)
        return calls[number], process.returncode, pid, said.decode(), without(samples(out.decode()), "each", "now")

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(stopped_at, range(len(calls))))
    for where, status, _, said, found in results:
        assert (status, said) == (0, ""), (where, said)
        assert found == truth, where
    assert sum(1 for _, _, pid, _, _ in results if pid) >= len(calls) - 2


def test_a_tmpfs_that_fills_leaves_every_source(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    script = f"""
        set -e
        mount -t tmpfs -o size=1500k none {mount}
        PROMETHEUS_MULTIPROC_DIR={mount} {program('faults_churn_writer')} {tmp_path}/page 5 1 || true
        before=$({WEIR} show --dir {mount} | grep -v '^#')
        head -c 2000000 /dev/zero > {mount}/filler 2>/dev/null || true
        if {WEIR} fold --dir {mount} 2> {tmp_path}/said; then echo folded; fi
        after=$({WEIR} show --dir {mount} | grep -v '^#')
        [ "$before" = "$after" ] || echo differs
        ls -A {mount} | grep -c tmp || true
        rm {mount}/filler
        {WEIR} fold --dir {mount} > /dev/null
        last=$({WEIR} show --dir {mount} | grep -v '^#')
        [ "$before" = "$last" ] || echo differs
        ls {mount}
    """
    (tmp_path / "page").write_bytes(bytes(16))
    result = subprocess.run(["unshare", "--mount", "bash", "-c", script], capture_output=True, text=True, timeout=60,
                            env=CLEAN)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["0", "counter_archive.db", "gauge_max_archive.db", "histogram_archive.db"]
    assert "No space left on device" in (tmp_path / "said").read_text()


def test_a_source_that_cannot_be_removed_is_counted_once_however_often_is_folded(tmp_path):
    """As in a directory with the sticky bit, whose files are other users'."""
    directory = tmp_path / "metrics"
    for _ in range(2):
        writer = Writer("weir", directory)
        writer.run([operation("counter", "jobs_total", 1)])
        writer.kill()
    kept, spare = sorted(directory.glob("counter_*.db"))
    shutil.move(spare, tmp_path)
    script = f"""
        set -e
        mount --bind {kept} {kept}
        {WEIR} fold --dir {directory} || [ $? = 1 ]
        mv {tmp_path / spare.name} {directory}
        {WEIR} fold --dir {directory} || [ $? = 1 ]
        {WEIR} show --dir {directory}
    """
    result = subprocess.run(["unshare", "--mount", "bash", "-c", script], capture_output=True, text=True, timeout=60,
                            env=CLEAN)
    assert result.returncode == 0, result.stderr
    assert "\njobs_total 2\n" in result.stdout
    assert f"cannot remove {kept}" in result.stderr
    fold(directory)  # now it can
    assert [path.name for path in directory.iterdir()] == ["counter_archive.db"]
    assert read(directory)["jobs_total", ()] == 2


def fold_at(directory, clock):
    """A fold while the clock shows another time; the kernel's time stamps of files stay what they are."""
    subprocess.run(["faketime", "-f", clock, WEIR, "fold", "--dir", str(directory)], check=True, capture_output=True,
                   timeout=60, env={**CLEAN, "NO_FAKE_STAT": "1", "FAKE_UTIME": "0"})
    return {path.name.split("_")[1] for path in directory.iterdir()}


def test_gauges_of_all_stay_an_hour_whatever_the_clock_does(memory_directory):
    """A clock that was set back: the hour begins anew with the first fold after that. One that was set forward ends
    it."""
    def end_a_process():
        with Writers() as writers:
            writers.add("weir", memory_directory).run([operation("gauge", "each", 3, detail="all")])

    end_a_process()
    assert fold_at(memory_directory, "+0") == {"all"}
    assert fold_at(memory_directory, "-30d") == {"all"}      # it died in a month
    assert fold_at(memory_directory, "-43141m") == {"all"}   # 59 minutes later
    assert fold_at(memory_directory, "-43139m") == set()     # 61 minutes later
    end_a_process()
    assert fold_at(memory_directory, "+59m") == {"all"}
    assert fold_at(memory_directory, "+10h") == set()


def test_a_pid_that_comes_back_counts_beside_its_dead_namesake(memory_directory):
    """In a pid namespace of its own every first child is the same pid."""
    page = memory_directory.parent / (memory_directory.name + ".page")
    page.write_bytes(bytes(16))
    try:
        for round_number in range(3):
            subprocess.run(["unshare", "--pid", "--fork", "--kill-child", program("faults_churn_writer"), page, "2",
                            "1"],
                           env=environment(memory_directory), timeout=30, check=True)
            if round_number == 1:
                fold(memory_directory)
        assert read(memory_directory)["jobs_total", ()] == 60
        fold(memory_directory)
        assert read(memory_directory)["jobs_total", ()] == 60
    finally:
        page.unlink()
