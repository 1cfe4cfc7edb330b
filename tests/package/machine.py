"""A Debian that is booted: systemd as process 1 over a folder, in namespaces and a control group of its own.

Of the host it has the kernel alone: its processes, mounts, network (loopback only), host name and control groups are
its own, and /proc/sys and /sys are read-only, so that its boot sets nothing of the host. At its end process 1 is
killed, and the kernel kills the rest.
"""
import os
import pathlib
import shutil
import signal
import subprocess

from clean_root import ENVIRONMENT
from waiting import wait_until

# Run by unshare, so every mount goes with the namespace. $1: the folder. The root is changed by pivot_root: in a chroot
# no user namespace may be made (PrivateUsers=). Mounts are shared, among its own services, as credentials are mounted.
BOOT = r"""
set -e
mount --bind "$1" "$1"
mount --bind "$1/dev" "$1/dev"
mount -t proc proc "$1/proc"
mount --bind "$1/proc/sys" "$1/proc/sys"
mount -o remount,bind,ro "$1/proc/sys"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
cd "$1"
pivot_root . .
umount --lazy .
mount --make-rshared /
exec env -i container=weir-test PATH="$PATH" /lib/systemd/systemd systemd.mask=console-getty.service
"""


def control_groups():
    """Where the host keeps control groups of version 2."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(place)
    raise AssertionError("no cgroup2 is mounted here: systemd cannot be booted")


class Machine:
    def __init__(self, folder):
        self.folder = folder
        self.group = control_groups() / f"weir-test-{os.getpid()}"
        self.group.mkdir()
        (folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n")  # an installer makes it
        unshare = ["unshare", "--pid", "--mount", "--ipc", "--uts", "--net", "--cgroup", "--fork", "--kill-child"]
        into_group = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
        self.log = open(folder.parent / "boot.log", "w+b")
        self.boot = subprocess.Popen(["sh", "-c", into_group, self.group, *unshare, "sh", "-c", BOOT, "sh", folder],
                                     stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        try:
            wait_until(self.is_up, "systemd is up", seconds=60)
        except BaseException:
            self.end()
            raise

    def is_up(self):
        assert self.boot.poll() is None, f"the boot ended: {pathlib.Path(self.log.name).read_text()}"
        self.init = pathlib.Path(f"/proc/{self.boot.pid}/task/{self.boot.pid}/children").read_text().strip()
        if not self.init or os.readlink(f"/proc/{self.init}/exe").rsplit("/", 1)[-1] != "systemd":
            return False
        return self.ask("systemctl", "is-system-running").stdout.strip() == "running"

    def ask(self, *command, **environment):
        return subprocess.run(["nsenter", "--target", self.init, "--all", "--root", "--wd=/", *command],
                              capture_output=True, text=True, timeout=120, env={**ENVIRONMENT, **environment})

    def run(self, *command, **environment):
        result = self.ask(*command, **environment)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}\n{self.journal()}"
        return result.stdout

    def journal(self):
        return self.ask("journalctl", "--no-pager", "--lines=40", "--output=cat").stdout

    def show(self, unit, what):
        return self.run("systemctl", "show", "--property", what, "--value", unit).strip()

    def write(self, path, text):
        """A file below /etc, say, as an administrator makes it; systemd reads its units again."""
        place = self.folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        self.run("systemctl", "daemon-reload")

    def end(self):
        self.boot.send_signal(signal.SIGKILL)  # unshare heeds no other; --kill-child takes process 1 with it
        self.boot.wait(timeout=20)
        self.log.close()

        def gone():
            for place, _, _ in os.walk(self.group, topdown=False):
                try:
                    os.rmdir(place)
                except OSError:
                    return False  # its last process is on its way out
            return not self.group.exists()
        wait_until(gone, "the control groups of the machine are gone")
        shutil.rmtree(self.folder)
