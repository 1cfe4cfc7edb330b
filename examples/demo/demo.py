"""The main job on real programs: C++ and Python workers count into one directory, are killed and replaced, and a real
Prometheus scrapes the exact sum from `weir serve`.

    ./run demo            under a minute; exits non-zero when anything differs
    ./run demo --stay     keeps serving for a look, until Ctrl-C

Everything it makes lies in a folder of its own, on loopback ports, and goes with it.
"""
import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from prometheus_client.multiprocess import mark_process_dead  # noqa: E402
from report import compare  # noqa: E402
from servers import Prometheus, Weir  # noqa: E402
from workers import Worker, truth  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP = {"language": "cpp", "threads": 3, "rounds": 2_000_000}
CPP_CUT_SHORT = {**CPP, "rounds": 0}
PYTHON = {"language": "python", "threads": 2, "rounds": 20_000}


class Demo:
    """What runs and where; ends all of it."""

    def __init__(self):
        build = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build" / "release"))
        self.weir = build / "bin" / "weir"
        self.worker_program = build / "bin" / "examples" / "demo_worker"
        for program in (self.weir, self.worker_program):
            if not program.exists():
                raise RuntimeError(f"{program} is not there; ./run build makes it (WEIR_BUILD_DIR names another build folder)")
        memory = pathlib.Path("/dev/shm")
        self.scratch = pathlib.Path(tempfile.mkdtemp(
            prefix="weir-demo.", dir=memory if os.access(memory, os.W_OK) and "TMPDIR" not in os.environ else None))
        self.metrics = self.scratch / "metrics"
        self.metrics.mkdir()
        self.children = []
        self.workers = []
        self.began = time.monotonic()

    def say(self, line):
        print(f"{time.monotonic() - self.began:5.1f} s  {line}", flush=True)

    def close(self):
        """Ends what this demo started, by its own handles, and removes its folder."""
        for child in self.children:
            if child.poll() is None:
                child.kill()
        for child in self.children:
            child.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


def describe(worker):
    return f"{'C++' if worker.language == 'cpp' else 'Python'} worker {worker.pid}"


def kill_and_replace(demo, worker, kind):
    """SIGKILL, then another of that kind in its place."""
    when = "after it had counted everything" if worker.rounds else "in the middle of counting"
    worker.kill()
    if worker.language == "python":
        mark_process_dead(worker.pid, str(demo.metrics))  # stock files hold no lock that would tell
    fresh = Worker(demo, **kind)
    demo.say(f"SIGKILL  {describe(worker)} {when}; {fresh.pid} takes its place")
    return fresh


def count_and_kill(demo, prometheus):
    """Returns when all that is to be counted has been counted, and everybody idles."""
    cut, *cpp = [Worker(demo, **kind) for kind in (CPP_CUT_SHORT, CPP, CPP, CPP)]
    python = [Worker(demo, **PYTHON) for _ in range(2)]
    demo.say(f"4 C++ workers of {CPP['threads']} threads, 2 Python workers of {PYTHON['threads']} threads count")
    for kind in (CPP_CUT_SHORT, CPP_CUT_SHORT, CPP):
        time.sleep(1.3)
        demo.say(f"scraped  {sum(value for _, value in prometheus.query('sum(demo_requests_total)')):,.0f} requests so far")
        cut = kill_and_replace(demo, cut, kind)
    for worker, kind in ((cpp[0], CPP), (cpp[1], CPP), (python[0], PYTHON)):
        worker.wait_until_done()
        kill_and_replace(demo, worker, kind)
    waited = {cpp[0], cpp[1], python[0]}
    for worker in demo.workers:
        if worker.rounds and worker not in waited:
            worker.wait_until_done()
    demo.say(f"all have counted: {len(demo.workers)} processes, of which "
             f"{sum(not worker.lives() for worker in demo.workers)} were killed")


def run(demo, stay):
    weir = Weir(demo)
    prometheus = Prometheus(demo, weir.url)
    demo.say(f"weir serve  {weir.url}/metrics reads {demo.metrics}")
    demo.say(f"Prometheus  {prometheus.url} scrapes it every second; waiting for its first scrape")
    prometheus.wait_for_scrape_after(0)
    count_and_kill(demo, prometheus)
    prometheus.wait_for_scrape_after(time.time())
    demo.say("Prometheus has scraped since\n")
    same = compare(truth(demo.workers), weir.values(), prometheus.values(), prometheus.resets())
    if stay:
        print(f"\nStill serving, until Ctrl-C:\n  {weir.url}/          weir serve: page, /metrics, /backend"
              f"\n  {prometheus.url}/graph?g0.expr=demo_requests_total&g0.tab=0&g0.range_input=5m"
              f"\n  {demo.metrics}    the files", flush=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # the usual end of a look, not an interruption
        signal.pause()
    return same


def arguments():
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__.split("\n\n")[0],
                                     epilog="Exit codes: 0 everything agrees; 1 something differs or did not run; 130 interrupted.")
    parser.add_argument("--stay", action="store_true", help="keep serving afterwards, until Ctrl-C")
    return parser.parse_args()


def main():
    stay = arguments().stay
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(130))
    demo = None
    try:
        demo = Demo()
        return 0 if run(demo, stay) else 1
    except RuntimeError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the end is under way already
        if demo is not None:
            demo.close()


sys.exit(main())
