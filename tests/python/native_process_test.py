"""ProcessCollector and ProcessMetrics: what processes use, of one and of all workers."""
import os
import re
import resource
import subprocess
import sys
import time

import pytest
import weir
from weir.process import read_usage

WORKER = """
import sys, time, weir
usage = weir.ProcessMetrics(interval=0)
held = bytearray(20_000_000)
while time.process_time() < 0.1:
    pass
print("ready" if usage.refresh() else "not refreshed", flush=True)
sys.stdin.readline()
began = time.process_time()
while time.process_time() < began + 0.15:
    pass  # after the last refresh: what the one at the end adds
"""


def value(shown, series):
    return float(re.search(rf"^{re.escape(series)} (\S+)$", shown, re.M).group(1))


def per_worker(shown, name):
    return {pid: float(v) for pid, v in re.findall(rf'^{name}{{pid="(\d+)"}} (\S+)$', shown, re.M)}


def test_one_process_is_read_at_each_scrape():
    registry = weir.CollectorRegistry(storage=weir.memory_storage())
    weir.ProcessCollector(registry=registry)
    shown = weir.generate_latest(registry).decode()
    ours = resource.getrusage(resource.RUSAGE_SELF)
    assert value(shown, "process_cpu_seconds_total") == pytest.approx(ours.ru_utime + ours.ru_stime, abs=0.2)
    assert value(shown, "process_max_fds") == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert 0 < time.time() - value(shown, "process_start_time_seconds") < 24 * 3600
    assert value(shown, "process_virtual_memory_bytes") > value(shown, "process_resident_memory_bytes") > 5e6
    before = value(shown, "process_open_fds")
    with open(os.devnull):
        assert value(weir.generate_latest(registry).decode(), "process_open_fds") == before + 1


def test_a_process_that_is_gone_shows_nothing():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(timeout=20)
    registry = weir.CollectorRegistry(storage=weir.memory_storage())
    weir.ProcessCollector("other", pid=lambda: child.pid, registry=registry)
    assert b"other_process" not in weir.generate_latest(registry)
    with pytest.raises(OSError):
        read_usage(child.pid)


@pytest.fixture
def workers(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    started = [subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True) for _ in range(3)]
    try:
        assert [worker.stdout.readline() for worker in started] == ["ready\n"] * 3
        yield tmp_path, started
    finally:
        for worker in started:
            worker.kill()
            worker.communicate(timeout=20)


def test_workers_are_summed_and_shown_apart_and_cpu_never_falls(workers):
    directory, started = workers
    collector = weir.MultiProcessCollector(None, str(directory))
    shown = weir.generate_latest(collector).decode()
    pids = {str(worker.pid) for worker in started}
    memory = per_worker(shown, "process_worker_resident_memory_bytes")
    assert set(memory) == pids and min(memory.values()) > 20e6
    assert value(shown, "process_resident_memory_bytes") == sum(memory.values())
    assert value(shown, "process_open_fds") == sum(per_worker(shown, "process_worker_open_fds").values())
    starts = per_worker(shown, "process_worker_start_time_seconds")
    assert value(shown, "process_start_time_seconds") == min(starts.values())
    cpu = value(shown, "process_cpu_seconds_total")
    assert cpu == pytest.approx(sum(per_worker(shown, "process_worker_cpu_seconds").values()))
    assert cpu >= 3 * 0.09  # the kernel counts in hundredths

    killed, ended, living = started
    killed.kill()
    killed.wait(timeout=20)
    ended.communicate("\n", timeout=20)
    shown = weir.generate_latest(collector).decode()
    assert value(shown, "process_cpu_seconds_total") > cpu + 0.045  # ticks of 0.01, as floats
    assert set(per_worker(shown, "process_worker_cpu_seconds")) == {str(living.pid)}
    assert value(shown, "process_resident_memory_bytes") == memory[str(living.pid)]


def test_refresh_keeps_its_interval():
    usage = weir.ProcessMetrics(registry=weir.CollectorRegistry(storage=weir.memory_storage()), interval=3600)
    assert usage.refresh()
    assert not usage.refresh()
    for _ in range(5):
        assert usage.refresh(force=True)
    assert usage._cpu.get() == pytest.approx(time.process_time(), abs=0.1)  # not five times as much
    with pytest.raises(ValueError, match="interval=-1"):
        weir.ProcessMetrics(interval=-1)
    with pytest.raises(ValueError, match="period=0"):
        usage.keep_fresh(0)


def test_a_forked_child_counts_its_own_cpu_and_its_thread_refreshes(tmp_path):
    registry = weir.CollectorRegistry(storage=weir.file_storage(str(tmp_path)))
    usage = weir.ProcessMetrics(registry=registry, interval=0)
    usage.keep_fresh(0.01)
    usage.refresh(force=True)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        deadline = time.monotonic() + 5  # burn 50 ms; the thread stores it
        while usage._cpu.get() < 0.05 and time.monotonic() < deadline:
            pass
        os.write(writer, f"{usage._cpu.get()} {time.process_time()}".encode())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    counted, used = map(float, os.read(reader, 100).split())
    assert used - 0.1 <= counted <= used + 0.03
    os.close(reader)
    os.close(writer)
