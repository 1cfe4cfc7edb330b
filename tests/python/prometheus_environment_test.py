"""WEIR_PROMETHEUS_CLIENT=1: what an installed package does at interpreter start, and what it must not."""
import pathlib
import subprocess
import venv

import prometheus_client
import pytest

import _weir_prometheus_client
from prometheus_programs import CLEAN

PACKAGES = pathlib.Path(_weir_prometheus_client.__file__).parent
PROMETHEUS_CLIENT = pathlib.Path(prometheus_client.__file__).parent


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment that Weir is installed in: its site-packages have what a wheel brings."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    for name in ("weir", "_weir_prometheus_client.py", "weir_prometheus_client.pth"):
        (site_packages / name).symlink_to(PACKAGES / name)
    (site_packages / "prometheus_client").symlink_to(PROMETHEUS_CLIENT)
    return str(folder / "bin" / "python")


def start(python, program, **environment):
    variables = {name: value for name, value in CLEAN.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-B", "-c", program], env={**variables, **environment}, capture_output=True,
                          text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("value", ["", "0", None])
def test_unset_it_imports_nothing(python, value):
    variables = {} if value is None else {"WEIR_PROMETHEUS_CLIENT": value}
    assert start(python, "import sys, prometheus_client as p; print('_weir_prometheus_client' in sys.modules, "
                         "'weir' in sys.modules, p.values.ValueClass.__module__)", **variables) == (
        0, "False False prometheus_client.values\n", "")


def test_set_it_imports_neither_weir_nor_prometheus_client_before_the_application_does(python):
    program = "import sys; print([name for name in ('weir', 'prometheus_client') if name in sys.modules])"
    assert start(python, program, WEIR_PROMETHEUS_CLIENT="1") == (0, "[]\n", "")


@pytest.mark.parametrize("statement", ["import prometheus_client", "from prometheus_client.core import REGISTRY",
                                       "from prometheus_client import multiprocess as m, generate_latest"])
def test_set_it_installs_when_the_application_imports_prometheus_client(python, statement):
    program = f"""
{statement}
import sys, weir.prometheus
from prometheus_client import Counter, values, __spec__, __loader__
assert weir.prometheus.is_installed() and issubclass(values.ValueClass, weir._weir.Value)
assert __spec__.loader is __loader__ and type(__loader__).__name__ == "SourceFileLoader"
assert not any("weir" in type(finder).__module__ for finder in sys.meta_path)
Counter("c", "C").inc()
"""
    assert start(python, program, WEIR_PROMETHEUS_CLIENT="1") == (0, "", "")


def test_what_cannot_be_installed_is_said_and_the_application_runs(python, tmp_path):
    (tmp_path / "weir").mkdir()
    (tmp_path / "weir" / "__init__.py").write_text("raise RuntimeError('broken on purpose')\n")
    code, out, said = start(python, "import prometheus_client as p; p.Counter('c', 'C').inc(); print('runs')",
                            WEIR_PROMETHEUS_CLIENT="1", PYTHONPATH=str(tmp_path))
    assert (code, out) == (0, "runs\n")
    assert "WEIR_PROMETHEUS_CLIENT is set, but Weir could not be installed" in said and "broken on purpose" in said


def test_a_missing_prometheus_client_stays_an_import_error(python):
    code, _, said = start(python, "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p]\n"
                                  "import prometheus_client", WEIR_PROMETHEUS_CLIENT="1")
    assert code == 1 and said.rstrip().endswith("ModuleNotFoundError: No module named 'prometheus_client'")
