"""Installing the packages: what pyproject.toml says, and (WEIR_TEST_FULL=1) a wheel built, installed and used."""
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import weir

ROOT = Path(__file__).resolve().parents[2]
FULL = os.environ.get("WEIR_TEST_FULL") == "1"

USED = """
import weir, gunicorn_prometheus_exporter
assert weir.__file__.startswith({prefix!r}), weir.__file__
weir.Counter("installed", "I.").inc(3)
print(weir.__version__, weir.generate_latest().decode())
"""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=3000, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def project_version():
    return re.search(r"project\(weir VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def test_the_version_is_that_of_cmake_and_stands_nowhere_else():
    assert weir.__version__ == project_version()
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert 'dynamic = ["version"]' in pyproject and project_version() not in pyproject


def test_every_package_folder_is_in_the_wheels_list():
    packages = re.search(r"^wheel.packages = (.*)$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE).group(1)
    found = sorted(f"python/{path.parent.name}" for path in (ROOT / "python").glob("*/__init__.py"))
    assert sorted(re.findall(r'"([^"]+)"', packages)) == found
    assert (ROOT / "python" / "weir" / "py.typed").exists()


def test_the_sources_without_their_native_module_say_how_to_get_it(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run([sys.executable, "-c", "import weir"], capture_output=True, text=True, timeout=30,
                          env=environment, cwd=tmp_path)
    message = done.stderr.splitlines()[-1]
    assert message.startswith(f"ImportError: weir: {ROOT}/python/weir has no native module for this Python (cpython-")
    assert "./run build" in message and "PYTHONPATH=build/python" in message and "pip install ." in message


if FULL:  # some minutes of compiling; without ccache more
    ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ENVIRONMENT["CMAKE_BUILD_PARALLEL_LEVEL"] = "2"
    OFFLINE = {**ENVIRONMENT, "PIP_NO_INDEX": "1"}

    @pytest.fixture(scope="module")
    def tools(tmp_path_factory):
        """A fresh environment with what builds wheels, and nothing else of ours."""
        folder = tmp_path_factory.mktemp("tools")
        run(sys.executable, "-m", "venv", folder / "venv")
        python = folder / "venv" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "scikit-build-core", "pybind11", "build", env=ENVIRONMENT)
        return python

    @pytest.fixture(scope="module")
    def sources(tools, tmp_path_factory):
        """An sdist, unpacked: what both tests build lies in it, and the second finds the core compiled."""
        folder = tmp_path_factory.mktemp("sdist")
        run(tools, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ROOT, env=OFFLINE)
        sdist, = folder.glob("weir-*.tar.gz")
        with tarfile.open(sdist) as archive:
            archive.extractall(folder)
        return folder / sdist.name[:-len(".tar.gz")]

    def use(python, place):
        printed = run(python, "-c", USED.format(prefix=str(place)), env=ENVIRONMENT, cwd=place)
        assert printed.startswith(project_version()) and "installed_total 3\n" in printed

    def test_an_sdist_builds_a_wheel_that_installs_offline_and_counts(tools, sources, tmp_path):
        run(tools, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", tmp_path, sources,
            env=OFFLINE)
        wheel, = tmp_path.glob("weir-*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        for name in ("weir/py.typed", "weir/_weir.pyi", "weir/prometheus/__init__.py", "weir_prometheus_client.pth",
                     "gunicorn_prometheus_exporter/__init__.py"):
            assert name in names
        assert not [name for name in names if name.startswith("tests") or "__pycache__" in name]
        run(sys.executable, "-m", "venv", tmp_path / "fresh")
        run(tmp_path / "fresh/bin/python", "-m", "pip", "install", "--no-deps", wheel, env=OFFLINE)
        use(tmp_path / "fresh/bin/python", tmp_path / "fresh")

    def test_pip_installs_the_folder_with_the_tools_it_names_itself(sources, tmp_path):
        """Build isolation: pip fetches what pyproject.toml requires; the environment has none of it."""
        run(sys.executable, "-m", "venv", tmp_path / "fresh")
        python = tmp_path / "fresh/bin/python"
        run(python, "-m", "pip", "install", sources, env=ENVIRONMENT)
        assert "scikit" not in run(python, "-m", "pip", "list", env=ENVIRONMENT)
        use(python, tmp_path / "fresh")
