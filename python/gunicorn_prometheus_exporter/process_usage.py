"""Memory and CPU of this process, read from /proc and the process clock: about 10 µs, asked once a second."""
import os
import time

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * _PAGE


class CpuShare:
    """The CPU time of this process between two readings, as percent of one CPU."""

    def __init__(self) -> None:
        self._wall, self._used = time.monotonic(), time.process_time()

    def percent(self) -> float:
        wall, used = time.monotonic(), time.process_time()
        passed, spent = wall - self._wall, used - self._used
        self._wall, self._used = wall, used
        return 100.0 * spent / passed if passed > 0 else 0.0
