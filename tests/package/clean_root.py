"""A Debian of the distribution's packages alone, in a folder: where the packages of this tree are used and purged."""
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ["libweir0.1", "libweir-dev", "weir-exporter", "python3-weir"]
# What is not the packages' own: package lists and caches, and the user, whom Debian keeps for files it may still own.
NOT_OURS = re.compile(r"^/(dev|proc|sys|tmp|run/(lock|systemd)|var/(lib/(dpkg|systemd|apt)|log|cache)|"
                      r"etc/(passwd|group|shadow|gshadow|ld\.so\.cache))")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/tmp"}


def debs(names):
    found = {package: list((ROOT / "build" / "packages").glob(f"{package}_*.deb")) for package in names}
    assert all(len(files) == 1 for files in found.values()), f"`./run package` makes them: {found}"
    return {package: files[0] for package, files in found.items()}


def dependencies(packages, preferred):
    """What packages need of the distribution; of alternatives the one that begins with `preferred`, else the first."""
    needed = set()
    for deb in packages.values():
        text = subprocess.run(["dpkg-deb", "--field", deb, "Depends", "Pre-Depends"], capture_output=True, text=True,
                              check=True, timeout=60).stdout
        for choice in re.sub(r"^[\w-]+: ", "", text, flags=re.MULTILINE).replace("\n", ",").split(","):
            names = [re.sub(r"[ (:].*", "", name.strip()) for name in choice.split("|")]
            needed.add(([name for name in names if name.startswith(preferred)] or names)[0])
    return {name for name in needed if name and name not in PACKAGES}


class CleanRoot:
    """What `packages` depend on, and `tools`; nothing of the packages themselves but the files `debs`."""

    def __init__(self, folder, packages, tools, preferred):
        self.folder = folder / "root"
        found = debs(packages)
        include = ",".join(sorted(dependencies(found, preferred) | set(tools)))
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={include}", "bookworm", self.folder],
                       check=True, timeout=580)
        for deb in found.values():
            shutil.copy(deb, self.folder / "var" / "cache")  # a boot empties /tmp
        self.debs = [f"/var/cache/{deb.name}" for deb in found.values()]

    def run(self, *command, user=None, **environment):
        who = [f"--userspec={user}"] if user else []
        result = subprocess.run(["chroot", *who, self.folder, *command], capture_output=True, text=True, timeout=300,
                                env={**ENVIRONMENT, **environment})
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def files(self):
        found = set()
        for place, folders, names in os.walk(self.folder):
            inside = "/" + os.path.relpath(place, self.folder)
            found |= {os.path.normpath(f"{inside}/{name}") for name in [*folders, *names]}
        return {name for name in found if not NOT_OURS.match(name) and "__pycache__" not in name}
