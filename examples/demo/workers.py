"""The demo's workers as processes, and the exact truth about what they counted."""
import ctypes
import os
import pathlib
import signal
import struct
import subprocess

LEDGER_LINE = 64  # bytes a thread, see worker.cc
LATENCIES = (0.125, 0.5, 2.0, 8.0)
BOUNDS = (("0.25", 1), ("1", 2), ("4", 3), ("+Inf", 4))  # a bucket, and how many of the four latencies it holds
HERE = pathlib.Path(__file__).resolve().parent


def _die_with_parent():
    """The kernel ends the child when the demo is gone, however it went (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **options):
    """A child in a session of its own, so that Ctrl-C reaches the demo alone, which then ends its children by itself."""
    return subprocess.Popen([str(word) for word in command], start_new_session=True, preexec_fn=_die_with_parent, **options)


def environment(directory):
    """Ours, without what would lead a worker or a server elsewhere."""
    kept = {name: value for name, value in os.environ.items()
            if not name.upper().startswith(("PROMETHEUS_", "WEIR_", "PYTHEUS_", "REDIS_"))}
    return {**kept, "PROMETHEUS_MULTIPROC_DIR": str(directory), "PYTHONDONTWRITEBYTECODE": "1"}


class Worker:
    """One process. `rounds` 0: counts until it is killed; then its ledger says what it had counted."""

    def __init__(self, demo, language, threads, rounds):
        self.language, self.threads, self.rounds = language, threads, rounds
        self.fate = "finished" if rounds else "cut_short"
        self.ledger = demo.scratch / f"ledger_{len(demo.workers)}"
        command = [demo.worker_program, self.fate, threads, rounds, self.ledger]
        if language == "python":
            command = ["/usr/bin/python3", HERE / "worker.py", self.fate, threads, rounds]
        self.process = start(command, stdout=subprocess.PIPE, env=environment(demo.metrics))
        demo.children.append(self.process)
        demo.workers.append(self)

    @property
    def pid(self):
        return self.process.pid

    def lives(self):
        return self.process.poll() is None

    def wait_until_done(self):
        if self.process.stdout.readline() != b"done\n":
            raise RuntimeError(f"{self.language} worker {self.pid} ended before it had counted everything: "
                               f"exit code {self.process.wait()}")

    def kill(self):
        """SIGKILL, nothing gentler; returns when the process is gone."""
        self.process.kill()
        if self.process.wait() != -signal.SIGKILL:
            raise RuntimeError(f"{self.language} worker {self.pid} had ended by itself: exit code {self.process.returncode}")

    def rounds_of_threads(self):
        """(least, most) rounds of each thread: with SIGKILL in the middle one round a thread may be under way."""
        if self.rounds:
            return [(self.rounds, self.rounds)] * self.threads
        ledger = self.ledger.read_bytes()
        counted = [struct.unpack_from("=Q", ledger, LEDGER_LINE * i)[0] for i in range(self.threads)]
        return [(rounds, rounds + 1) for rounds in counted]


def _failed(rounds):
    return (rounds + 9) // 10


def _in_bucket(rounds, share):
    return rounds // 4 * share + min(rounds % 4, share)


def _sum(rounds):
    return rounds // 4 * sum(LATENCIES) + sum(LATENCIES[:rounds % 4])


def _series_of(language, fate):
    """Series text to the value that a thread's number of rounds gives it."""
    labels = f'fate="{fate}",lang="{language}"'
    series = {
        f'demo_requests_total{{{labels},outcome="failed"}}': _failed,
        f'demo_requests_total{{{labels},outcome="served"}}': lambda n: n - _failed(n),
    }
    for bound, share in BOUNDS:
        series[f'demo_seconds_bucket{{{labels},le="{bound}"}}'] = lambda n, share=share: _in_bucket(n, share)
    series[f"demo_seconds_count{{{labels}}}"] = lambda n: n
    series[f"demo_seconds_sum{{{labels}}}"] = _sum
    return series


def truth(workers):
    """Series text to (least, most): what must be scraped."""
    out = {}
    for worker in workers:
        for series, value in _series_of(worker.language, worker.fate).items():
            least, most = out.get(series, (0, 0))
            for at_least, at_most in worker.rounds_of_threads():
                least, most = least + value(at_least), most + value(at_most)
            out[series] = (least, most)
    out["demo_items"] = (7 * len(workers),) * 2  # each left 7, dead or alive
    out["demo_workers_alive"] = (sum(worker.lives() for worker in workers),) * 2
    return out
