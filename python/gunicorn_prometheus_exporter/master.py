"""PrometheusMaster: Gunicorn's master, which counts the signals it handles and the workers that end.

Importing the package puts it in Gunicorn's place of the master (install_master): there are hooks for neither.
"""
import os
import signal

import gunicorn.app.base
import gunicorn.arbiter

from .application_metrics import take_over
from .config import config
from .server import server

_Arbiter = gunicorn.arbiter.Arbiter


class PrometheusMaster(_Arbiter):
    """Gunicorn's master. One thread, as Gunicorn's."""

    def setup(self, app):
        """Before an application is preloaded: the environment, and prometheus_client's metrics taken over."""
        os.environ.update(app.cfg.env)
        config.apply_to_environment()
        take_over()
        super().setup(app)

    def start(self):
        from . import metrics  # not before the environment is complete
        self._metrics = metrics
        self._told = {}  # {pid: name of the signal we sent to end it}
        super().start()

    def murder_workers(self):
        """Comes by once a second."""
        super().murder_workers()
        server.retry()

    def kill_worker(self, pid, sig):
        if sig in (signal.SIGTERM, signal.SIGQUIT, signal.SIGABRT):
            self._told.setdefault(pid, _name(sig))
        super().kill_worker(pid, sig)

    def reap_workers(self):
        before = dict(self.WORKERS)
        how = {pid: _how_it_ended(pid) for pid in before}
        try:
            super().reap_workers()
        finally:
            for pid, worker in before.items():
                if pid not in self.WORKERS:
                    self._worker_ended(pid, worker, how[pid])

    def _worker_ended(self, pid, worker, how):
        told = self._told.pop(pid, None)
        kind, reason = _reason(worker, how, told)
        self._metrics.MASTER_WORKER_RESTART_COUNT.labels(worker.worker_id if hasattr(worker, "worker_id") else "",
                                                         reason, kind).inc()
        mark_process_dead(pid)

    def count_signal(self, name):
        """One signal handled."""
        self._metrics.MASTER_WORKER_RESTARTS.labels(name).inc()


def _counted(name):
    """Gunicorn's handler of that signal, counted first: some handlers do not return."""
    plain = getattr(_Arbiter, f"handle_{name}")

    def handle(self, *arguments):
        self.count_signal("chld" if name == "cld" else name)
        return plain(self, *arguments)
    return handle


for _signal in ("hup", "int", "quit", "term", "ttin", "ttou", "usr1", "usr2", "winch", "chld", "cld"):
    if hasattr(_Arbiter, f"handle_{_signal}"):
        setattr(PrometheusMaster, f"handle_{_signal}", _counted(_signal))


def _name(number):
    """term for SIGTERM."""
    try:
        return signal.Signals(number).name.removeprefix("SIG").lower()
    except ValueError:
        return f"signal {number}"


def _how_it_ended(pid):
    """(exit status, signal) of a child that has ended and is not reaped yet, one of them None; else None."""
    try:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    if ended is None:
        return None
    return (ended.si_status, None) if ended.si_code == os.CLD_EXITED else (None, ended.si_status)


def _reason(worker, how, told):
    """(restart_type, reason) of a worker's end."""
    if worker.aborted:
        return "forced", "timeout"
    if told is not None:
        return "graceful", told
    if how is None:
        return "unknown", "unknown"
    status, number = how
    if number is not None:
        return "forced", _name(number)
    if status:
        return "forced", "error"
    return "graceful", "max_requests" if worker.cfg.max_requests else "exit"


def mark_process_dead(pid):
    """Removes the files of a dead worker's live gauges. In Redis its lease tells, and the newest value is shown."""
    import weir
    if not config.redis_enabled and os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        weir.mark_process_dead(pid)


def install_master():
    """Puts PrometheusMaster where Gunicorn takes its master from. Done again it does nothing."""
    gunicorn.arbiter.Arbiter = PrometheusMaster
    gunicorn.app.base.Arbiter = PrometheusMaster
