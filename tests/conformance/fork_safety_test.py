"""I7: nothing of the libraries waits for ever in a child that was forked while another thread was in it.

A function's `static` object that is made at run time is such a thing: its guard stays taken in the child. src/storage/
setup_lock.h says what stands in its place.
"""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build" / "release"))
TOOLS_ONLY = {"cli", "watch"}  # rooms that no program links
HARMLESS = {"thread_exit_key()::key",  # made under the registration lock, which fork() takes
            "random01()::random"}  # a thread's own: nobody waits for it


def test_no_library_makes_a_function_static_at_run_time():
    rooms = {path.parent.name: path for path in BUILD.glob("src/*/libweir_*.a") if path.parent.name not in TOOLS_ONLY}
    assert {"redis", "storage", "instrument", "http"} <= set(rooms)
    found = set()
    for archive in rooms.values():
        names = subprocess.run(["nm", "--demangle", archive], capture_output=True, text=True, check=True,
                               timeout=60).stdout
        found |= {line.split("guard variable for ")[1].removeprefix("weir::").removeprefix("(anonymous namespace)::")
                  for line in names.splitlines() if "guard variable for " in line}
    assert found == HARMLESS
