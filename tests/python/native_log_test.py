"""C++ log lines come to Python's logger `weir`."""
import os
import subprocess
import sys

FULL_DISK = """
import logging, os, resource, signal, sys, weir
logging.basicConfig(stream=sys.stdout, format="%(name)s %(levelname)s %(message)s")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
registry = weir.CollectorRegistry(storage=weir.file_storage(sys.argv[1]))
family = weir.Counter("many", "M.", ["n"], registry=registry)
for n in range(2000):
    family.labels(n).inc()
print("counted", sum(family.labels(n).get() for n in range(2000)))
"""


def test_a_storage_without_room_is_said_and_metrics_go_on_in_memory(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path / "m")], capture_output=True, text=True,
                          timeout=30, env=os.environ)
    assert "counted 2000.0\n" in done.stdout and done.stderr == ""
    lines = [line for line in done.stdout.splitlines() if line.startswith("weir ")]
    assert lines and all(line.startswith(("weir WARNING ", "weir ERROR ")) for line in lines)
    assert any("many" in line for line in lines), done.stdout
