"""The live page's bundle: the same bytes every time, whole, and its policy names what is in it."""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

PAGE = pathlib.Path(__file__).resolve().parent.parent / "src" / "http" / "page"


def bundle(folder, out, **environment):
    return subprocess.run([sys.executable, "-B", folder / "bundle.py", out], env={**os.environ, **environment},
                          cwd=out.parent, capture_output=True, text=True, timeout=60)


def document():
    return subprocess.run([sys.executable, "-B", PAGE / "bundle.py", "--html"], capture_output=True, text=True,
                          check=True, timeout=60).stdout


def test_building_twice_anywhere_gives_the_same_bytes(tmp_path):
    elsewhere = tmp_path / "another" / "place"
    shutil.copytree(PAGE, elsewhere)
    for path in reversed(sorted(elsewhere.iterdir())):
        os.utime(path, (1, 1))
    assert bundle(PAGE, tmp_path / "one.cc", PYTHONHASHSEED="1", TZ="UTC").returncode == 0
    assert bundle(elsewhere, tmp_path / "two.cc", PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C").returncode == 0
    one = (tmp_path / "one.cc").read_bytes()
    assert one == (tmp_path / "two.cc").read_bytes()
    assert len(one) > 100_000


def test_policy_names_style_and_script_by_hash(tmp_path):
    html = document()
    bundle(PAGE, tmp_path / "one.cc")
    constants = (tmp_path / "one.cc").read_text()
    for element in ("style", "script"):
        text = re.search(f"<{element}>(.*)</{element}>", html, re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in constants
    assert "unsafe" not in constants.rpartition("default-src")[2]


def test_every_source_is_in_it_and_nothing_loads_from_elsewhere():
    html = document()
    for path in PAGE.glob("*.js"):
        for line in path.read_text().splitlines():
            code = line.removeprefix("export ")
            assert line.startswith("import ") or line.strip().startswith("//") or code in html, f"{path.name}: {line}"
    assert "import " not in html and "export " not in html
    assert re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!data:|metrics)[^\"' >)]+",
                      re.sub(r"<script>.*</script>", "", html, flags=re.DOTALL)) == []
    addresses = set(re.findall(r"https?://[^\s'\"]+", html))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, never asked for


@pytest.mark.parametrize("text, complaint", [
    ('export const one = 1;\n', "both export one"),
    ('import { one } from "./a.js";\nimport { x } from "./b.js";\n', "imports itself"),
    ('export const x = "</script>";\n', "which would end it"),
])
def test_what_cannot_be_put_together_is_named(tmp_path, text, complaint):
    folder = tmp_path / "page"
    folder.mkdir()
    shutil.copy(PAGE / "bundle.py", folder)
    (folder / "page.html").write_text("{{style}}{{script}}")
    (folder / "a.js").write_text("export const one = 1;\n")
    (folder / "b.js").write_text(text)
    done = bundle(folder, tmp_path / "out.cc")
    assert done.returncode != 0 and complaint in done.stderr


def test_pictures_of_the_page_are_all_shown_and_small():
    docs = PAGE.parents[2] / "docs"
    shown = set(re.findall(r"\]\(pictures/([\w.]+)\)", (docs / "page.md").read_text()))
    pictures = {path.name: path.stat().st_size for path in (docs / "pictures").glob("page_*.png")}
    assert shown == set(pictures)
    assert {name: size for name, size in pictures.items() if size > 200_000} == {}
