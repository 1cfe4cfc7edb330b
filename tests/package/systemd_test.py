"""The exporter's service under a real systemd, as an administrator meets it: installed, scraped, killed, purged.

Needs root and control groups of version 2. The tests run in this order: each stands on what the one before has left.
"""
import os
import re
import shutil
import sys

import pytest

from clean_root import ROOT, CleanRoot

sys.path.insert(0, str(ROOT / "tests"))
from certificates import certificates  # noqa: E402
from machine import Machine  # noqa: E402
from waiting import wait_until  # noqa: E402

UNIT = "weir-exporter.service"
NAMES = ["libweir0.1", "weir-exporter", "python3-weir"]
TOOLS = {"systemd", "systemd-sysv", "curl", "redis-server"}
COUNTS = "import weir; weir.Counter('jobs', 'Jobs.').inc(3); weir.flush()"
EXAMPLES = "usr/share/doc/weir-exporter/examples"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    assert os.geteuid() == 0, "systemd is booted in namespaces: run this as root"
    clean = CleanRoot(tmp_path_factory.mktemp("machine"), NAMES, TOOLS, preferred="systemd")
    started = Machine(clean.folder)
    started.clean, started.before = clean, clean.files()  # a first boot leaves files of its own
    yield started
    started.end()


def fetch(machine, path):
    return machine.ask("curl", "-sS", "--max-time", "20", f"http://127.0.0.1:9091{path}").stdout


def status(machine, pid):
    return dict(re.findall(r"^(\w+):\s*(.*)$", machine.run("cat", f"/proc/{pid}/status"), re.MULTILINE))


def in_service(machine, command):
    """A shell command where the service is: among its mounts, as its user."""
    pid = machine.show(UNIT, "MainPID")
    user, group = (status(machine, pid)[name].split()[0] for name in ("Uid", "Gid"))
    return machine.ask("nsenter", "--target", pid, "--mount", "--user", "--setuid", user, "--setgid", group,
                       "sh", "-c", command)


def counting(extra):
    """A unit that counts, with the lines docs/packages.md gives for it or others."""
    return f"[Service]\nType=oneshot\nUser=daemon\n{extra}\nExecStart=/usr/bin/python3 -c \"{COUNTS}\"\n"


def test_installed_it_runs_and_is_scraped(machine):
    machine.run("dpkg", "--install", *machine.clean.debs)
    assert machine.show(UNIT, "ActiveState") == "active", machine.journal()  # Type=notify: it has said that it is ready
    assert machine.run("systemctl", "is-enabled", UNIT) == "enabled\n"
    assert fetch(machine, "/healthz") and "weir_collect" in fetch(machine, "/backend")
    assert machine.run("stat", "--format", "%a %U %G", "/run/weir") == "2770 weir weir\n"


def test_it_has_no_rights(machine):
    has = status(machine, machine.show(UNIT, "MainPID"))
    weir = machine.run("id", "-u", "weir").strip()
    assert weir != "0" and set(has["Uid"].split()) == {weir}
    assert {has[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (has["NoNewPrivs"], has["Seccomp"]) == ("1", "2")


def test_it_sees_of_the_machine_what_it_needs(machine):
    machine.run("touch", "/tmp/of-others", "/home/of-others")
    for path in ("/etc/new", "/usr/new", "/var/lib/new", "/sys/fs/cgroup/new"):
        assert "Read-only file system" in in_service(machine, f"touch {path}").stderr, path
    assert in_service(machine, "touch /run/weir/new && rm /run/weir/new").returncode == 0
    assert in_service(machine, "ls /tmp").stdout == ""
    assert "Permission denied" in in_service(machine, "ls /home").stderr
    assert in_service(machine, "ls /dev/mem /dev/kmsg").stdout == ""
    processes = in_service(machine, "ls /proc").stdout.split()
    assert "self" in processes and "1" not in processes, "others' processes are hidden"


def test_a_program_counts_there_as_the_docs_say(machine):
    docs = (ROOT / "docs" / "packages.md").read_text()
    lines = re.findall(r"^    (Environment=\S+|SupplementaryGroups=\S+)$", docs, re.MULTILINE)
    assert len(lines) == 2
    machine.write("/etc/systemd/system/app.service", counting("\n".join(lines)))
    for _ in range(8):  # so many dead files are folded within ten seconds, not a minute
        machine.run("systemctl", "start", "app.service")
    assert "jobs_total 24\n" in fetch(machine, "/metrics")
    wait_until(lambda: "weir_fold_sources_total 8\n" in fetch(machine, "/backend"), "all are folded", seconds=90)
    assert "jobs_total 24\n" in fetch(machine, "/metrics")


def test_a_reload_and_a_kill_lose_nothing(machine):
    first = machine.show(UNIT, "MainPID")
    machine.run("systemctl", "reload", UNIT)
    assert machine.show(UNIT, "MainPID") == first and "jobs_total 24\n" in fetch(machine, "/metrics")
    machine.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", UNIT)
    wait_until(lambda: "jobs_total 24\n" in fetch(machine, "/metrics"), "systemd has started it again", seconds=30)
    assert machine.show(UNIT, "MainPID") not in ("0", first) and machine.show(UNIT, "NRestarts") == "1"


def test_stopped_it_ends_well(machine):
    machine.run("systemctl", "stop", UNIT)
    assert (machine.show(UNIT, "Result"), machine.show(UNIT, "ExecMainStatus")) == ("success", "0")
    assert "Couldn't connect" in machine.ask("curl", "-sS", "http://127.0.0.1:9091/").stderr


def test_a_socket_unit_starts_it_at_the_first_scrape(machine):
    socket = (machine.folder / EXAMPLES / "weir-exporter.socket").read_text()
    machine.write("/etc/systemd/system/weir-exporter.socket", socket)
    machine.run("systemctl", "start", "weir-exporter.socket")
    assert machine.show(UNIT, "ActiveState") == "inactive"
    assert "jobs_total 24\n" in fetch(machine, "/metrics")
    assert machine.show(UNIT, "ActiveState") == "active" and "fd:3" not in fetch(machine, "/backend")
    machine.run("systemctl", "stop", "weir-exporter.socket", UNIT)
    (machine.folder / "etc/systemd/system/weir-exporter.socket").unlink()


def test_the_password_of_a_redis_is_a_credential(machine):
    machine.run("redis-cli", "config", "set", "requirepass", "s3cret")
    machine.write("/etc/weir/redis-password", "s3cret\n")
    (machine.folder / "etc/weir/redis-password").chmod(0o600)
    example = (machine.folder / EXAMPLES / "redis.conf").read_text()
    machine.write(f"/etc/systemd/system/{UNIT}.d/redis.conf", example)
    machine.write("/etc/systemd/system/app.service", counting(example.split("[Service]\n")[1]))
    machine.run("systemctl", "start", "app.service", UNIT)
    assert "jobs_total 3\n" in fetch(machine, "/metrics"), machine.journal()
    pid = machine.show(UNIT, "MainPID")
    for where in ("environ", "cmdline"):
        assert "s3cret" not in machine.run("cat", f"/proc/{pid}/{where}")
    assert "Permission denied" in in_service(machine, "cat /etc/weir/redis-password").stderr
    assert "s3cret" not in machine.journal()


def test_tls_is_made_of_credentials(machine):
    (machine.folder / f"etc/systemd/system/{UNIT}.d/redis.conf").unlink()
    server = certificates().server
    for name, file in (("web.crt", server.certificate), ("web.key", server.key), ("ca.crt", server.authority)):
        shutil.copy(file, machine.folder / "etc/weir" / name)
    machine.write("/etc/weir/web.yml", "tls_server_config: {cert_file: web.crt, key_file: web.key}\n")
    (machine.folder / "etc/weir").chmod(0o700)
    machine.write(f"/etc/systemd/system/{UNIT}.d/web.conf", (machine.folder / EXAMPLES / "web.conf").read_text())
    machine.run("systemctl", "restart", UNIT)
    page = machine.run("curl", "-sS", "--max-time", "20", "--cacert", "/etc/weir/ca.crt",
                       "https://localhost:9091/metrics")
    assert "jobs_total 24\n" in page


def test_purged_it_is_stopped_and_leaves_nothing(machine):
    pid = machine.show(UNIT, "MainPID")
    machine.run("dpkg", "--purge", *NAMES)
    assert machine.ask("test", "-e", f"/proc/{pid}").returncode == 1
    assert machine.show(UNIT, "LoadState") == "not-found"
    by_us = ("/etc/weir", "/etc/systemd/system/app.service", f"/etc/systemd/system/{UNIT}.d", "/home/of-others")
    assert {path for path in machine.clean.files() - machine.before if not path.startswith(by_us)} == set()
