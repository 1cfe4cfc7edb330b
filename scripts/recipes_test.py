"""Recipes that are not run by tests: they parse, and the files, options and arguments they name exist."""
import json
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGING = ROOT / "packaging"
CMAKE = (ROOT / "CMakeLists.txt").read_text()
VERSION = re.search(r"project\(weir VERSION ([0-9.]+)", CMAKE)[1]
NOT_LIBRARIES = {"Threads", "PkgConfig", "Python3", "GTest"}
OPTIONS = set(re.findall(r"^option\((\w+)", CMAKE, re.MULTILINE))


@pytest.mark.parametrize("recipe", ["conan/conanfile.py", "vcpkg/portfile.cmake"])
def test_the_options_a_recipe_sets_exist(recipe):
    text = (PACKAGING / recipe).read_text()
    if recipe.endswith(".py"):
        compile(text, recipe, "exec")
    named = set(re.findall(r"(?:-D|\b)(WEIR_(?!GIT_)\w+|BUILD_SHARED_LIBS)\b", text))
    assert len(named) > 2 and named - OPTIONS == set()
    assert "not tested here" in text


def test_the_recipes_name_what_the_build_asks_for():
    conan = (PACKAGING / "conan" / "conanfile.py").read_text()
    vcpkg = json.loads((PACKAGING / "vcpkg" / "vcpkg.json").read_text())
    assert vcpkg["version"] == VERSION
    everything = CMAKE + "".join(path.read_text() for path in (ROOT / "src").glob("*/CMakeLists.txt"))
    asked = set(re.findall(r"^\s*(?:find_package|pkg_check_modules)\(([\w+-]+)", everything, re.MULTILINE)) - NOT_LIBRARIES
    for names, renamed in ((re.findall(r'"([\w+-]+)/\[', conan), {"curl": "libcurl"}),
                           ([name for name in vcpkg["dependencies"] if isinstance(name, str)], {})):
        renamed = {"microhttpd": "libmicrohttpd", "crypt": "libxcrypt", "ncursesw": "ncurses", **renamed}
        assert {renamed.get(name, name.lower()) for name in asked} - set(names) == set()



def test_the_container_file_names_what_is_there():
    text = (PACKAGING / "container" / "Containerfile").read_text()
    assert "not tested here" in text
    for package in re.findall(r"build/packages/([\w.-]+)_\*\.deb", text):
        assert re.search(rf"^Package: {re.escape(package)}$", (PACKAGING / "debian" / "control").read_text(), re.MULTILINE), package
    assert "./run package" in text and (ROOT / "scripts" / "package.sh").exists()


def test_the_sidecar_runs_what_weir_takes():
    pod = yaml.safe_load((PACKAGING / "kubernetes" / "sidecar.yml").read_text())["spec"]["template"]["spec"]
    program, weir = pod["containers"]
    assert weir["env"] == program["env"] and weir["volumeMounts"] == program["volumeMounts"]
    assert {mount["name"] for mount in weir["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    help_text = subprocess.run([ROOT / "build" / "bin" / "weir", "help", weir["args"][0]], capture_output=True, text=True,
                               check=True, timeout=30).stdout
    assert all(option in help_text for option in weir["args"] if option.startswith("--"))
    for probe in ("livenessProbe", "readinessProbe"):
        assert weir[probe]["httpGet"]["path"] in help_text
    assert "not tested here" in (PACKAGING / "kubernetes" / "sidecar.yml").read_text()
