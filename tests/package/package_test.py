"""The Debian packages in a clean Debian: installed, used by C++ and Python programs, served, purged without a trace.

Needs root (a chroot) and the packages in build/packages, which `./run test --only package` makes first. The tests run in this
order: each stands on what the one before has done to the same root.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from redis_servers import free_port, wait_until  # noqa: E402

PACKAGES = ["libweir0.1", "libweir-dev", "weir-exporter", "python3-weir"]
VERSION = re.search(r"project\(weir VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
TOOLS = {"g++", "cmake", "make", "pkgconf"}  # of those who build with libweir-dev
# What is not the packages' own: package lists and caches, and the user, whom Debian keeps for files it may still own.
NOT_OURS = re.compile(r"^/(dev|proc|sys|tmp|run/(lock|systemd)|var/(lib/(dpkg|systemd|apt)|log|cache)|etc/(passwd|group|shadow|gshadow|ld\.so\.cache))")
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


def debs():
    found = {package: list((ROOT / "build" / "packages").glob(f"{package}_*.deb")) for package in PACKAGES}
    assert all(len(files) == 1 for files in found.values()), f"`./run package` makes them: {found}"
    return {package: files[0] for package, files in found.items()}


def dependencies(packages):
    """What the packages say they need, of the distribution: the last of alternatives, which are the lightest."""
    needed = set()
    for deb in packages.values():
        text = subprocess.run(["dpkg-deb", "--field", deb, "Depends", "Pre-Depends"], capture_output=True, text=True, check=True).stdout
        for choice in re.sub(r"^[\w-]+: ", "", text, flags=re.MULTILINE).replace("\n", ",").split(","):
            names = [re.sub(r"[ (:].*", "", name.strip()) for name in choice.split("|")]
            standalone = [name for name in names if "standalone" in name]
            needed.add((standalone or names)[0])
    return {name for name in needed if name and name not in PACKAGES}


class Clean:
    """An empty Debian with what the packages depend on, and nothing of them."""

    def __init__(self, folder):
        self.folder = folder / "root"
        self.packages = debs()
        include = ",".join(sorted(dependencies(self.packages) | TOOLS))
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={include}", "bookworm", self.folder], check=True,
                       timeout=580)
        for deb in self.packages.values():
            shutil.copy(deb, self.folder / "tmp")

    def run(self, *command, user=None, **environment):
        who = [f"--userspec={user}"] if user else []
        result = subprocess.run(["chroot", *who, self.folder, *command], capture_output=True, text=True, timeout=300,
                                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/tmp", **environment})
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def files(self):
        found = set()
        for place, folders, names in os.walk(self.folder):
            inside = "/" + os.path.relpath(place, self.folder)
            found |= {os.path.normpath(f"{inside}/{name}") for name in [*folders, *names]}
        return {name for name in found if not NOT_OURS.match(name) and "__pycache__" not in name}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    assert os.geteuid() == 0, "the packages are installed in a chroot: run this as root"
    root = Clean(tmp_path_factory.mktemp("package"))
    root.before = root.files()
    yield root
    shutil.rmtree(root.folder)


def test_the_packages_install_with_what_they_depend_on(clean):
    clean.run("dpkg", "--install", *(f"/tmp/{deb.name}" for deb in clean.packages.values()))
    state = clean.run("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status} ${Version}\n", *PACKAGES)
    assert state.splitlines() == [f"{package} installed {VERSION}" for package in sorted(PACKAGES)]
    assert clean.run("weir", "--version") == f"weir {VERSION}\n"
    assert "not found" not in clean.run("ldd", "/usr/bin/weir")
    assert clean.run("getent", "passwd", "weir").split(":")[0] == "weir"
    assert "weir-exporter.service" in clean.run("ls", "/etc/systemd/system/multi-user.target.wants").split()  # starts with the machine
    pages = {path.name for path in (clean.folder / "usr/share/man/man1").glob("weir*")}
    assert {"weir.1.gz", "weir-serve.1.gz", "weir-top.1.gz"} <= pages
    assert (clean.folder / "usr/share/bash-completion/completions/weir").is_file()
    folder = clean.folder / "usr/share/weir/grafana"
    assert all(json.loads(path.read_text())["panels"] for path in folder.iterdir()) and len(list(folder.iterdir())) == 2


def test_programs_build_and_count(clean):
    clean.run("install", "-d", "-m", "2770", "-o", "weir", "-g", "weir", "/run/weir")  # systemd-tmpfiles, where there is systemd
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
    defaults = dict(re.findall(r'^(\w+)="?(.*?)"?$', (clean.folder / "etc/default/weir-exporter").read_text(), re.MULTILINE))
    assert command[-1] == "$WEIR_SERVE_OPTIONS" and defaults["WEIR_SERVE_OPTIONS"] == ""
    port = free_port()
    served = subprocess.Popen([shutil.which("chroot"), "--userspec=weir:weir", clean.folder, *command[:-1], "--listen", f"127.0.0.1:{port}"],
                              env={"PATH": "/usr/bin:/bin", **defaults}, stderr=subprocess.DEVNULL)
    try:
        def fetch(path):
            return subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, timeout=20).stdout
        wait_until(lambda: "jobs_total 10\n" in fetch("/metrics"), "the service shows what was counted")
        wait_until(lambda: "weir_fold_sources_total 3\n" in fetch("/backend"), "the service folds what ended programs left")
        assert "jobs_total 10\n" in fetch("/metrics")
    finally:
        served.terminate()
        assert served.wait(timeout=20) == 0


def test_the_unit_is_right_and_its_score_is_the_docs(clean, tmp_path):
    # The root has no systemd, so the host's looks at the unit, with the host's `weir` in its place.
    unit = (clean.folder / "lib/systemd/system/weir-exporter.service").read_text()
    here = tmp_path / "weir-exporter.service"
    here.write_text(unit.replace("/usr/bin/weir", str(ROOT / "build" / "package" / "bin" / "weir")))
    verified = subprocess.run(["systemd-analyze", "--man=no", "verify", here], capture_output=True, text=True, timeout=60)
    assert [line for line in verified.stderr.splitlines() if "weir" in line] == []
    scored = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                             ROOT / "packaging" / "debian" / "weir-exporter.service"], capture_output=True, text=True, timeout=60)
    score = re.search(r"exposure level for weir-exporter.service: ([0-9.]+)", scored.stdout)[1]
    assert f"gives it {score} of 10" in (ROOT / "docs" / "packages.md").read_text()


def test_purged_they_leave_nothing(clean):
    # A pid file, say, of a program that ended meanwhile must not keep the directory.
    shutil.rmtree(clean.folder / "run" / "weir")
    clean.run("dpkg", "--purge", *PACKAGES)
    assert clean.files() - clean.before == set()
    gone = subprocess.run(["chroot", clean.folder, "dpkg-query", "--show", *PACKAGES], capture_output=True, text=True, timeout=60)
    assert gone.stdout == ""
