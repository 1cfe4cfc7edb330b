#!/usr/bin/env python3
"""Stages the sources of the docs site: docs_site.py FOLDER.

What is written by hand is copied: README.md as the first page, docs/, ARCHITECTURE.md, CHANGELOG.md. What they link to
in the rest of the tree gets a page with the file's text, a folder one with all its files. The reference is made:
reference.py.
"""
import os
import pathlib
import re
import shutil
import sys

import reference

ROOT = pathlib.Path(__file__).resolve().parents[1]
LANGUAGES = {".cc": "cpp", ".h": "cpp", ".py": "python", ".sh": "sh", ".yml": "yaml", ".json": "json", ".txt": "cmake",
             ".service": "ini"}
LINK = re.compile(r"(?<!\!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LONGEST = 60000  # characters of a file that a page shows


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    target = pathlib.Path(arguments[0])
    shutil.rmtree(target, ignore_errors=True)
    pages = {ROOT / "README.md": "index.md", ROOT / "ARCHITECTURE.md": "architecture.md",
             ROOT / "CHANGELOG.md": "changelog.md",
             **{page: str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}}
    site = Site(target, pages)
    for source, name in pages.items():
        site.add(source, name)
    for picture in (ROOT / "docs").rglob("*.png"):
        site.copy(picture, picture.relative_to(ROOT / "docs"))
    site.write("reference/weir.md", reference.command_line())
    site.write("reference/cpp.md", reference.headers(ROOT / "include" / "weir"))
    site.write("reference/python.md", reference.python_packages())
    return 0


class Site:
    """The staged folder, and what of the tree has a page there."""

    def __init__(self, target, pages):
        self.target = target
        self.pages = dict(pages)

    def add(self, source, name):
        """A page written by hand, its links made to lead within the site. Code is left alone."""
        text, parts, end = source.read_text(encoding="utf-8"), [], 0
        for fence in FENCE.finditer(text):
            parts += [self._linked(text[end:fence.start()], source, name), _plain_fence(fence.group())]
            end = fence.end()
        self.write(name, "".join(parts) + self._linked(text[end:], source, name))

    def write(self, name, text):
        path = self.target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def copy(self, source, name):
        (self.target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self.target / name)

    def _linked(self, text, source, name):
        return LINK.sub(lambda link: f"[{link[1]}]({self._target_of(link[2], source, name)})", text)

    def _target_of(self, link, source, name):
        path, _, anchor = link.partition("#")
        if not path or "://" in path:
            return link
        wanted = (source.parent / path).resolve()
        if not wanted.exists():
            raise SystemExit(f"docs_site.py: {source.relative_to(ROOT)} links to {link}, which is not there")
        if wanted.suffix == ".png":
            return link
        if wanted not in self.pages:
            self.pages[wanted] = f"tree/{wanted.relative_to(ROOT)}.md"
            self.write(self.pages[wanted], page_of(wanted))
        return os.path.relpath(self.pages[wanted], pathlib.Path(name).parent) + (f"#{anchor}" if anchor else "")


def _plain_fence(fence):
    """A fence without what tells the tests how to run it: `sh run` is `sh`, `cpp file=app.cc` is `cpp` under a
    title."""
    first, _, rest = fence.partition("\n")
    language, _, how = first[3:].partition(" ")
    title = f' title="{how.partition("=")[2]}"' if how.startswith("file=") else ""
    return f"```{'text' if language == 'output' else language}{title}\n{rest}"


def page_of(path):
    """A page that shows a file, or all files of a folder."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()
                                                 and "__pycache__" not in p.parts)
    shown = [f"# {path.relative_to(ROOT)}\n"]
    for file in files:
        if len(files) > 1:
            shown.append(f"\n## {file.relative_to(path)}\n")
        text = file.read_text(encoding="utf-8", errors="replace")
        cut = text[:LONGEST] + ("\n… (the file is longer)\n" if len(text) > LONGEST else "")
        shown.append(f"\n````{LANGUAGES.get(file.suffix, 'text')}\n{cut}````\n")
    return "".join(shown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
