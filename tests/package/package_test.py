"""The Debian packages in a clean Debian: installed, used by C++ and Python programs, served, purged without a trace.

Needs root (a chroot) and the packages in build/packages, which `./run test --only package` makes first. The tests run
in this order: each stands on what the one before has done to the same root.
"""
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from clean_root import PACKAGES, ROOT, CleanRoot

sys.path.insert(0, str(ROOT / "tests"))
from redis_servers import free_port, wait_until  # noqa: E402

VERSION = re.search(r"project\(weir VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
TOOLS = {"g++", "cmake", "make", "pkgconf"}  # of those who build with libweir-dev
CPP = """
#include <weir/weir.h>
int main() { weir::default_registry().counter({.name = "jobs", .help = "Jobs."}).inc(3); }
"""
CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
find_package(weir 0.1 REQUIRED COMPONENTS core redis exporter)
add_executable(user user.cc)
target_link_libraries(user weir::core weir::redis weir::exporter)
"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    assert os.geteuid() == 0, "the packages are installed in a chroot: run this as root"
    root = CleanRoot(tmp_path_factory.mktemp("package"), PACKAGES, TOOLS, preferred="systemd-standalone")
    root.before = root.files()
    yield root
    shutil.rmtree(root.folder)


def test_the_packages_install_with_what_they_depend_on(clean):
    clean.run("dpkg", "--install", *clean.debs)
    state = clean.run("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status} ${Version}\n", *PACKAGES)
    assert state.splitlines() == [f"{package} installed {VERSION}" for package in sorted(PACKAGES)]
    assert clean.run("weir", "--version") == f"weir {VERSION}\n"
    assert "not found" not in clean.run("ldd", "/usr/bin/weir")
    assert clean.run("getent", "passwd", "weir").split(":")[0] == "weir"
    wanted = clean.run("ls", "/etc/systemd/system/multi-user.target.wants").split()
    assert "weir-exporter.service" in wanted, "starts with the machine"
    pages = {path.name for path in (clean.folder / "usr/share/man/man1").glob("weir*")}
    assert {"weir.1.gz", "weir-serve.1.gz", "weir-top.1.gz"} <= pages
    assert (clean.folder / "usr/share/bash-completion/completions/weir").is_file()
    folder = clean.folder / "usr/share/weir/grafana"
    assert all(json.loads(path.read_text())["panels"] for path in folder.iterdir()) and len(list(folder.iterdir())) == 2


def test_programs_build_and_count(clean):
    clean.run("install", "-d", "-m", "2770", "-o", "weir", "-g", "weir", "/run/weir")  # as systemd-tmpfiles does
    source = clean.folder / "tmp" / "source"
    source.mkdir()
    (source / "user.cc").write_text(CPP)
    (source / "CMakeLists.txt").write_text(CMAKE)
    clean.run("sh", "-c", "cd /tmp/source && g++ -std=c++20 user.cc -o by_pkgconf $(pkgconf --cflags --libs weir-core)")
    clean.run("sh", "-c", "cd /tmp/source && cmake -B build . && cmake --build build")
    count = {"user": "nobody:weir", "PROMETHEUS_MULTIPROC_DIR": "/run/weir"}
    clean.run("/tmp/source/by_pkgconf", **count)
    clean.run("/tmp/source/build/user", **count)
    clean.run("python3", "-c", "import weir; weir.Counter('jobs', 'Jobs.').inc(4)", **count)
    shown = clean.run("weir", "show", "--dir", "/run/weir", user="weir:weir")
    assert "jobs_total 10\n" in shown


def test_the_service_serves_and_folds_as_its_unit_says(clean):
    unit = (clean.folder / "lib/systemd/system/weir-exporter.service").read_text()
    command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1].split()
    settings = (clean.folder / "etc/default/weir-exporter").read_text()
    defaults = dict(re.findall(r'^(\w+)="?(.*?)"?$', settings, re.MULTILINE))
    assert command[-1] == "$WEIR_SERVE_OPTIONS" and defaults["WEIR_SERVE_OPTIONS"] == ""
    port = free_port()
    served = subprocess.Popen([shutil.which("chroot"), "--userspec=weir:weir", clean.folder, *command[:-1], "--listen",
                               f"127.0.0.1:{port}"],
                              env={"PATH": "/usr/bin:/bin", **defaults}, stderr=subprocess.DEVNULL)
    try:
        def fetch(path):
            return subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True,
                                  timeout=20).stdout
        wait_until(lambda: "jobs_total 10\n" in fetch("/metrics"), "the service shows what was counted")
        wait_until(lambda: "weir_fold_sources_total 3\n" in fetch("/backend"), "what ended programs left is folded")
        assert "jobs_total 10\n" in fetch("/metrics")
    finally:
        served.terminate()
        assert served.wait(timeout=20) == 0


def test_the_unit_is_right_and_its_score_is_the_docs(clean, tmp_path):
    # The root has no systemd, so the host's looks at the unit, with the host's `weir` in its place.
    unit = (clean.folder / "lib/systemd/system/weir-exporter.service").read_text()
    here = tmp_path / "weir-exporter.service"
    here.write_text(unit.replace("/usr/bin/weir", str(ROOT / "build" / "package" / "bin" / "weir")))
    verified = subprocess.run(["systemd-analyze", "--man=no", "verify", here], capture_output=True, text=True,
                              timeout=60)
    assert [line for line in verified.stderr.splitlines() if "weir" in line] == []
    scored = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                             ROOT / "packaging" / "debian" / "weir-exporter.service"],
                            capture_output=True, text=True, timeout=60)
    score = re.search(r"exposure level for weir-exporter.service: ([0-9.]+)", scored.stdout)[1]
    assert f"gives it {score} of 10" in (ROOT / "docs" / "packages.md").read_text()


def test_purged_they_leave_nothing(clean):
    # A pid file, say, of a program that ended meanwhile must not keep the directory.
    shutil.rmtree(clean.folder / "run" / "weir")
    clean.run("dpkg", "--purge", *PACKAGES)
    assert clean.files() - clean.before == set()
    gone = subprocess.run(["chroot", clean.folder, "dpkg-query", "--show", *PACKAGES], capture_output=True, text=True,
                          timeout=60)
    assert gone.stdout == ""
