"""PrometheusMaster: Gunicorn's master, which counts the signals it handles and the workers that end.

Importing the package puts it in Gunicorn's place of the master (install_master): there are hooks for neither.
"""
import contextlib
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
        with _statuses_noted() as statuses:
            try:
                super().reap_workers()
            finally:
                for pid, worker in before.items():
                    if pid not in self.WORKERS and pid in statuses:
                        self._worker_ended(pid, worker, statuses[pid])

    def _worker_ended(self, pid, worker, status):
        kind, reason = _reason(worker, status, self._told.pop(pid, None))
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


@contextlib.contextmanager
def _statuses_noted():
    """{pid: status} of the children reaped meanwhile.

    Gunicorn's loop keeps the statuses to itself, and asking before it misses who dies in between; so its os.waitpid
    takes notes. (May be nested: old Gunicorns reap in a signal handler.)
    """
    statuses, plain = {}, os.waitpid

    def noting(*arguments):
        pid, status = plain(*arguments)
        statuses[pid] = status
        return pid, status

    os.waitpid = noting
    try:
        yield statuses
    finally:
        os.waitpid = plain


def _reason(worker, status, told):
    """(restart_type, reason) of a worker's end. `told`: the signal it was asked to end by, or None."""
    if worker.aborted:
        return "forced", "timeout"
    if told is not None:
        return "graceful", told
    if os.WIFSIGNALED(status):
        return "forced", _name(os.WTERMSIG(status))
    if os.WEXITSTATUS(status):
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
