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


def serve_help():
    return subprocess.run([ROOT / "build" / "bin" / "weir", "help", "serve"], capture_output=True, text=True,
                          check=True, timeout=30).stdout


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
    asked = set(re.findall(r"^\s*(?:find_package|pkg_check_modules)\(([\w+-]+)", everything, re.MULTILINE))
    asked -= NOT_LIBRARIES
    for names, renamed in ((re.findall(r'"([\w+-]+)/\[', conan), {"curl": "libcurl"}),
                           ([name for name in vcpkg["dependencies"] if isinstance(name, str)], {})):
        renamed = {"microhttpd": "libmicrohttpd", "crypt": "libxcrypt", "ncursesw": "ncurses", **renamed}
        assert {renamed.get(name, name.lower()) for name in asked} - set(names) == set()



def test_the_container_file_names_what_is_there():
    text = (PACKAGING / "container" / "Containerfile").read_text()
    assert "not tested here" in text
    for package in re.findall(r"build/packages/([\w.-]+)_\*\.deb", text):
        control = (PACKAGING / "debian" / "control").read_text()
        assert re.search(rf"^Package: {re.escape(package)}$", control, re.MULTILINE), package
    assert "./run package" in text and (ROOT / "scripts" / "package.sh").exists()
    assert "build" in (ROOT / ".dockerignore").read_text().split(), "gigabytes, and libraries of another system"


def test_the_sidecar_runs_what_weir_takes():
    pod = yaml.safe_load((PACKAGING / "kubernetes" / "sidecar.yml").read_text())["spec"]["template"]["spec"]
    program, weir = pod["containers"]
    assert weir["env"] == program["env"] and weir["volumeMounts"] == program["volumeMounts"]
    assert {mount["name"] for mount in weir["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    help_text = serve_help()
    assert weir["args"][0] == "serve" and all(option in help_text for option in weir["args"] if option.startswith("--"))
    for probe in ("livenessProbe", "readinessProbe"):
        assert weir[probe]["httpGet"]["path"] in help_text
    # The Pod Security Standard "restricted": https://kubernetes.io/docs/concepts/security/pod-security-standards/
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "not tested here" in (PACKAGING / "kubernetes" / "sidecar.yml").read_text()


@pytest.mark.parametrize("example", sorted((PACKAGING / "debian" / "examples").iterdir()), ids=lambda path: path.name)
def test_an_example_of_the_service_names_what_weir_reads(example):
    text = example.read_text()
    help_text = serve_help()
    named = re.findall(r"^Environment=(\w+)=|^LoadCredential=([\w.-]+):/etc/weir/", text, re.MULTILINE)
    for variable, credential in named:
        assert (variable or credential) in help_text or credential in ("web.crt", "web.key"), (variable, credential)
    assert named or example.suffix == ".socket"
