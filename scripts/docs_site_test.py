"""The docs site builds from the tree without a broken link, asks nobody for anything, and its reference names what is
public."""
import pathlib
import re
import shutil
import subprocess

import pytest
import reference

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; its sources in `source` beside it."""
    folder = tmp_path_factory.mktemp("docs")
    staged = subprocess.run(["/usr/bin/python3", ROOT / "scripts" / "docs_site.py", folder / "source"],
                            capture_output=True, text=True, timeout=120)
    assert staged.returncode == 0, staged.stderr
    text = (ROOT / "mkdocs.yml").read_text()
    assert text.count("build/docs/source") == 1
    (folder / "mkdocs.yml").write_text(text.replace("build/docs/source", "source"))
    built = subprocess.run([shutil.which("mkdocs"), "build", "--clean", "--site-dir", folder / "site"], cwd=folder,
                           capture_output=True, text=True, timeout=180)
    assert built.returncode == 0, built.stderr
    return folder / "site"


def test_every_page_of_docs_is_in_the_navigation(site):
    listed = set(re.findall(r": ([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    pages = {page.name for page in (ROOT / "docs").glob("*.md")}
    assert pages - listed == set()
    for page in listed:
        assert (site / page.replace(".md", ".html")).is_file(), page


def test_nothing_is_fetched_from_elsewhere(site):
    fetched = re.compile(r"""(?:<script[^>]*\ssrc|<img[^>]*\ssrc|<link[^>]*rel="stylesheet"[^>]*\shref)="""
                         r"""["']?(https?:)?//""")
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    assert [page for page in pages if fetched.search(page.read_text())] == []


def test_the_reference_names_what_is_public(site):
    shown = (site / "reference" / "cpp.html").read_text()
    for header in (ROOT / "include" / "weir").glob("*.h"):
        assert f"weir/{header.name}" in shown
    assert "inc_async" in shown and "append_values" not in shown  # private members are left out
    command_line = (site / "reference" / "weir.html").read_text()
    assert all(f'id="weir-{name}"' in command_line for name in ("serve", "show", "check", "fold", "migrate"))
    assert "--redis-password-file" in command_line
    python = (site / "reference" / "python.html").read_text()
    assert "start_http_server" in python and "PrometheusWorker" in python


def test_a_link_to_nowhere_fails(tmp_path):
    tree = tmp_path / "tree"
    for folder in ("scripts", "docs"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md"):
        (tree / name).write_text("[here](docs/nowhere.md)\n")
    staged = subprocess.run(["/usr/bin/python3", tree / "scripts" / "docs_site.py", tmp_path / "source"],
                            capture_output=True, text=True, timeout=60)
    assert staged.returncode == 1
    assert staged.stderr == "docs_site.py: README.md links to docs/nowhere.md, which is not there\n"


def test_private_sections_are_left_out_and_what_follows_stays():
    head, tail = "class A {\n public:\n  int a();\n\n", " public:\n  int c();\n};\n\nstruct B {\n  int d;\n};"
    assert reference._public(head + " private:\n  int b();\n" + tail) == head + tail
