"""Installing the packages: what pyproject.toml says, and (WEIR_TEST_FULL=1) a wheel built, installed and used."""
import os
import re
import subprocess
import sys
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
    @pytest.fixture(scope="module")
    def tools(tmp_path_factory):
        """A fresh environment with what builds wheels, and nothing else of ours."""
        folder = tmp_path_factory.mktemp("tools")
        run(sys.executable, "-m", "venv", folder / "venv")
        python = folder / "venv" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "scikit-build-core", "pybind11", "build")
        return python

    def test_an_sdist_builds_a_wheel_that_installs_offline_and_counts(tools, tmp_path):
        environment = {**os.environ, "CMAKE_BUILD_PARALLEL_LEVEL": "2", "PIP_NO_INDEX": "1"}
        environment.pop("PYTHONPATH", None)
        run(tools, "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path, ROOT, env=environment)
        sdist, = tmp_path.glob("weir-*.tar.gz")
        run(tools, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", tmp_path, sdist,
            env=environment)
        wheel, = tmp_path.glob("weir-*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        for name in ("weir/py.typed", "weir/_weir.pyi", "weir/prometheus/__init__.py", "weir_prometheus_client.pth",
                     "gunicorn_prometheus_exporter/__init__.py"):
            assert name in names
        run(sys.executable, "-m", "venv", tmp_path / "fresh")
        fresh = tmp_path / "fresh" / "bin" / "python"
        run(fresh, "-m", "pip", "install", "--no-deps", wheel, env=environment)
        program = USED.format(prefix=str(tmp_path / "fresh"))
        printed = run(fresh, "-c", program, env=environment, cwd=tmp_path)
        assert printed.startswith(project_version()) and "installed_total 3\n" in printed
