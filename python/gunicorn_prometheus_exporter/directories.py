"""The directory workers write to: there before they are forked, and theirs where Gunicorn gives them another user.

A master started by root would make it root's, and the workers of `user = "www-data"` could count into memory only.
"""
import os
import stat

from .config import config
from .config.checks import SettingError


def prepare_directory(uid: int, gid: int) -> None:
    """Makes it if it is missing: PROMETHEUS_MULTIPROC_DIR, with Redis WEIR_SPOOL_DIR, if any. SettingError for one that
    cannot be made, or that workers of this user and group may not write to."""
    name = "WEIR_SPOOL_DIR" if config.redis_enabled else "PROMETHEUS_MULTIPROC_DIR"
    path = os.environ.get(name)
    if not path:
        return
    try:
        is_missing = not os.path.isdir(path)
        os.makedirs(path, exist_ok=True)
        if is_missing and os.geteuid() == 0:
            os.chown(path, uid, gid)
        found = os.stat(path)
    except OSError as error:
        raise SettingError(f"{name}={path}: {error.strerror}; it must be a directory, or a place where one can be "
                           "made") from error
    needed = stat.S_IWUSR if found.st_uid == uid else stat.S_IWGRP if found.st_gid == gid else stat.S_IWOTH
    if os.geteuid() == 0 and uid != 0 and not found.st_mode & needed:
        raise SettingError(f"{name}={path}: workers run as user {uid} and group {gid}, who may not write there; "
                           f"chown {uid}:{gid} {path}")
