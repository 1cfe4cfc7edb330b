"""What the pages in docs/ show is what happens: their files are written, their commands run, their output is compared.

Fences say what a block is:

    sh run, cpp run             commands, a program: run in the page's own folder, one shell for the whole page
    sh build                    `./run build`, which the test's build stands for
    LANGUAGE file=NAME          written to that file
    output                      what the block before it printed; `…` stands for anything within a line, or for whole
                                lines

Ports 9091 are replaced by a free one, so that pages can show the default; so is 6379, by that of a Redis started for
the page.
"""
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from redis_servers import RedisServer  # noqa: E402

from conftest import BUILD, CLEAN, ROOT  # noqa: E402

PAGES = sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = ("getting_started", "choosing_storage", "operations", "formats", "redis", "api", "security", "top")


def blocks_of(page):
    return [(kind.strip(), body) for kind, body in FENCE.findall(page.read_text())]


def program_of(number):
    """The shell that compiles and runs the C++ program of that block."""
    include = f"-I{shlex.quote(str(ROOT / 'include'))} -I{shlex.quote(str(BUILD / 'include'))}"
    libraries = subprocess.run(["pkg-config", "--libs", "fmt", "simdjson", "libdeflate", "zlib"], capture_output=True,
                               text=True, check=True).stdout.strip()
    return (f"g++ -std=c++20 {include} block{number}.cc -o block{number} {shlex.quote(str(BUILD / 'libweir-core.a'))} "
            f"{libraries} -lpthread && ./block{number}\n")


def script_of(blocks, folder):
    """One bash script of the page, which prints a mark before each block."""
    script = ["set -euo pipefail\n"]
    for number, (kind, body) in enumerate(blocks):
        script.append(f"echo '== block {number}'\n")
        if kind == "sh run":
            script.append(body)
        elif kind == "cpp run":
            (folder / f"block{number}.cc").write_text(body)
            script.append(program_of(number))
        elif "file=" in kind:
            (folder / kind.partition("file=")[2]).write_text(body)
    return "".join(script)


def pattern_of(expected):
    lines = []
    for line in expected.splitlines():
        lines.append(r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*?") + "\n")
    return re.compile("".join(lines))


def prepare(folder):
    """A home of its own, and the tree's build where the pages expect it."""
    (folder / "build").mkdir()
    (folder / "build" / "release").symlink_to(BUILD)
    return {**CLEAN, "HOME": str(folder), "PATH": f"{BUILD}/bin:{BUILD}/bin/examples:{os.environ['PATH']}"}


def run_page(page, folder, redis_port="6379"):
    """(blocks, what each printed)"""
    environment = prepare(folder)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    blocks = [(kind, body.replace("9091", port).replace("6379", redis_port)) for kind, body in blocks_of(page)]
    result = subprocess.run(["bash", "-c", script_of(blocks, folder)], cwd=folder, env=environment, timeout=300,
                            capture_output=True, text=True)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    parts = re.split(r"^== block \d+\n", result.stdout, flags=re.MULTILINE)[1:]
    assert len(parts) == len(blocks)
    return blocks, parts


@pytest.mark.parametrize("page", RUNNABLE)
def test_the_page_does_what_it_shows(page, tmp_path):
    if page == "redis":
        with RedisServer() as server:
            blocks, printed = run_page(ROOT / "docs" / "redis.md", tmp_path, str(server.port))
    else:
        blocks, printed = run_page(ROOT / "docs" / f"{page}.md", tmp_path)
    compared = 0
    for number, (kind, body) in enumerate(blocks):
        if kind == "output":
            assert pattern_of(body).fullmatch(printed[number - 1]), f"shown:\n{body}\nprinted:\n{printed[number - 1]}"
            compared += 1
    assert compared > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_command_stands_outside_a_test(page):
    for kind, body in blocks_of(page):
        if kind == "sh build":
            assert body == "./run build\n"
        elif kind.startswith(("sh", "bash", "cpp", "cmake", "yaml")) and page.stem != "performance":
            assert kind in ("sh run", "cpp run") or "file=" in kind, kind
        if kind == "sh run" or kind == "cpp run":
            assert page.stem in RUNNABLE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_a_page_writes_are_named_where_people_read(page):
    prose = FENCE.sub("", page.read_text())
    names = [kind.partition("file=")[2] for kind, _ in blocks_of(page) if "file=" in kind]
    assert [name for name in names if f"`{name}`" not in prose] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_variable_the_code_reads_is_in_the_table():
    table = (ROOT / "docs" / "choosing_storage.md").read_text()
    read = set()
    for source in (ROOT / "src").rglob("*.cc"):
        if not source.name.endswith("_test.cc"):
            read |= set(re.findall(r'"((?:PROMETHEUS|WEIR|PYTHEUS|REDIS|prometheus)_[A-Za-z_]+)"', source.read_text()))
    assert {"PROMETHEUS_MULTIPROC_DIR", "WEIR_FILE_LAYOUT", "REDIS_ENABLED"} <= read
    assert [name for name in sorted(read) if f"`{name}`" not in table] == []


def test_every_reason_a_collection_gives_is_on_the_page():
    page = (ROOT / "docs" / "operations.md").read_text()
    told = set()
    for source in (ROOT / "src" / "collect").glob("*.cc"):
        if not source.name.endswith("_test.cc"):
            told |= set(re.findall(r'tell\(\s*\w+,\s*"([a-z_]+)"', source.read_text()))
            for statement in re.findall(r"(?:\.reason = |reason_of\(int)[^,}]*", source.read_text()):
                told |= set(re.findall(r'"([a-z_]+)"', statement))
    assert {"truncated", "damaged", "bad_name", "no_directory", "vanished", "mode_conflict"} <= told
    assert [reason for reason in sorted(told) if f"`{reason}`" not in page] == []


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
