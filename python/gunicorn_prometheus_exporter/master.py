"""PrometheusMaster: Gunicorn's master, which counts the signals it handles and the workers that end.

Importing the package puts it in Gunicorn's place of the master (install_master): there are hooks for neither. Where the
configuration file imports it in a hook only, Gunicorn has made its master by then, and the hook adopts it.
"""
import contextlib
import logging
import os
import signal
from typing import Any, Dict, Iterator, Optional, Tuple

import gunicorn.app.base
import gunicorn.arbiter

import weir

from .application_metrics import take_over
from .config import config
from .config.checks import SettingError
from .directories import prepare_directory
from .folding import folding
from .log import handler as log_handler
from .log import use_gunicorns_log
from .server import server

logger = logging.getLogger(__name__)
_Arbiter: Any = gunicorn.arbiter.Arbiter


class PrometheusMaster(_Arbiter):
    """Gunicorn's master. One thread, as Gunicorn's."""

    _told: Dict[int, str]  # {pid: name of the signal we sent to end it}

    def setup(self, app: Any) -> None:
        """Before an application is preloaded: the environment, and prometheus_client's metrics taken over. Reloads come
        by here too."""
        use_gunicorns_log()
        try:
            self._prepare(app.cfg)
            super().setup(app)
        finally:
            log_handler.stop_waiting()

    def _prepare(self, cfg: Any) -> None:
        try:
            with _bad_settings_told():
                _prepare(cfg)
        except RuntimeError as error:
            if not hasattr(self, "_told"):
                raise
            logger.error("reload: %s", error)  # which ends nothing that runs

    def start(self) -> None:
        with _bad_settings_told():
            self._begin()
            super().start()

    def _begin(self) -> None:
        from . import metrics  # not before the environment is complete
        self._metrics = metrics
        self._told = {}

    def spawn_worker(self) -> Any:
        """Somebody may have removed the directory: a worker that finds none counts into its own memory."""
        try:
            prepare_directory(self.cfg.uid, self.cfg.gid)
        except SettingError as error:
            logger.error("%s", error)
        return super().spawn_worker()

    def murder_workers(self) -> None:
        """Comes by once a second."""
        super().murder_workers()
        server.retry()

    def kill_worker(self, pid: int, sig: int) -> None:
        if sig in (signal.SIGTERM, signal.SIGQUIT, signal.SIGABRT):
            self._told.setdefault(pid, _name(sig))
        super().kill_worker(pid, sig)

    def reap_workers(self) -> None:
        before = dict(self.WORKERS)
        try:
            super().reap_workers()
        finally:
            for pid, worker in before.items():
                # Taken from the worker: in old Gunicorns a signal handler reaps in the middle of this, and counts too.
                status = vars(worker).pop("exit_status", None)
                if status is not None:
                    self._worker_ended(pid, worker, status)

    def _worker_ended(self, pid: int, worker: Any, status: int) -> None:
        kind, reason = _reason(worker, status, self._told.pop(pid, None))
        self._metrics.MASTER_WORKER_RESTART_COUNT.labels(worker.worker_id if hasattr(worker, "worker_id") else "",
                                                         reason, kind).inc()
        mark_process_dead(pid)
        folding.look_soon()

    def count_signal(self, name: str) -> None:
        """One signal handled."""
        self._metrics.MASTER_WORKER_RESTARTS.labels(name).inc()


def _prepare(cfg: Any) -> None:
    """What must be before the first metric is made and an application preloaded."""
    os.environ.update(cfg.env)
    config.apply_to_environment()
    prepare_directory(cfg.uid, cfg.gid)
    take_over()


def adopt(arbiter: Any) -> None:
    """Makes Gunicorn's own master, which was there before this package, a PrometheusMaster. Others it leaves alone."""
    if type(arbiter) is not _Arbiter:
        return
    use_gunicorns_log()
    log_handler.stop_waiting()
    with _bad_settings_told():
        _prepare(arbiter.cfg)
        arbiter.__class__ = PrometheusMaster
        arbiter._begin()


@contextlib.contextmanager
def _bad_settings_told() -> Iterator[None]:
    """Settings that cannot be used end the start with their message alone, as Gunicorn ends on a RuntimeError."""
    try:
        yield
    except (SettingError, weir.ConfigError, weir.StorageError) as error:
        raise RuntimeError(str(error)) from error


def _counted(name: str) -> Any:
    """Gunicorn's handler of that signal, counted first: some handlers do not return."""
    plain = getattr(_Arbiter, f"handle_{name}")

    def handle(self: Any, *arguments: Any) -> Any:
        self.count_signal("chld" if name == "cld" else name)
        return plain(self, *arguments)
    return handle


for _signal in ("hup", "int", "quit", "term", "ttin", "ttou", "usr1", "usr2", "winch", "chld", "cld"):
    if hasattr(_Arbiter, f"handle_{_signal}"):
        setattr(PrometheusMaster, f"handle_{_signal}", _counted(_signal))


def _name(number: int) -> str:
    """term for SIGTERM."""
    try:
        return signal.Signals(number).name.removeprefix("SIG").lower()
    except ValueError:
        return f"signal {number}"


class _OsOfGunicorn:
    """`os` as Gunicorn's arbiter sees it: the module, but for a waitpid that notes on a worker how it ended.

    Gunicorn's loop keeps the statuses to itself: its hook is told none, and asking before it (WNOWAIT) misses who dies
    in between. Nobody else's os is touched.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def waitpid(self, pid: int, options: int) -> Tuple[int, int]:
        pid, status = os.waitpid(pid, options)
        if pid in _Arbiter.WORKERS:
            _Arbiter.WORKERS[pid].exit_status = status
        return pid, status


def _reason(worker: Any, status: int, told: Optional[str]) -> Tuple[str, str]:
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


def mark_process_dead(pid: int) -> None:
    """Removes the files of a dead worker's live gauges. In Redis its lease tells, and the newest value is shown.

    Never raises: Gunicorn calls it where an exception ends the server.
    """
    try:
        if not config.redis_enabled and os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            weir.mark_process_dead(pid)
    except (SettingError, weir.Error) as error:
        logger.warning("%s", error)


def install_master() -> None:
    """Puts PrometheusMaster where Gunicorn takes its master from. Done again it does nothing."""
    gunicorn.arbiter.os = _OsOfGunicorn()
    gunicorn.arbiter.Arbiter = PrometheusMaster
    gunicorn.app.base.Arbiter = PrometheusMaster
