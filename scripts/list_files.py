#!/usr/bin/env python3
"""Keeps the list of files in ARCHITECTURE.md: every header and commented source, in reading order, one sentence each.

usage: list_files.py            rewrites the list
       list_files.py --check    says what is out of date instead; exit status 1 if anything is

The sentence is the first one of the file's opening comment. Rooms come in the order of the data's way, files of a room
so that each stands after those of its room it includes.
"""
import pathlib
import re
import sys

import check_arrows

BEGIN = "<!-- list of files: scripts/list_files.py writes it -->\n"
END = "<!-- end of the list -->\n"
TITLES = {
    "model": "names, labels, families, samples: values, no I/O",
    "format": "what stands in files: keys, records, names, numbers",
    "config": "environment and configuration file",
    "storage": "cells and slots; memory and files",
    "instrument": "what application code holds",
    "collect": "reading files, merging what many processes counted",
    "fold": "the past: what dead writers counted, in one archive a kind",
    "exposition": "text for scrapers",
    "redis": "the client: one server, Sentinel, Cluster",
    "redis_layout": "what stands in Redis: keys, metadata, exemplars, and the settings that choose",
    "redis_ship": "cells into Redis: shipping, identities, the spool",
    "redis_collect": "Redis read back: a source like any other",
    "redis_fold": "the past in Redis: dead writers into the retired one",
    "redis_storage": "the documents' classes, migration",
    "watch": "a source over time: rates, order, pictures, the terminal",
    "web_config": "the exporter toolkit's web configuration file: TLS, passwords, response headers",
    "http": "the exporter's server",
    "cli": "`weir`, a file a subcommand",
}


def first_sentence(text):
    """The first sentence of a file's opening comment, or "" when it opens with code."""
    words = []
    for line in text.split("\n"):
        if not line.startswith("//") or line.rstrip() == "//":
            break
        words.append(line[2:].strip())
    match = re.match(r"(.*?[^.][.!?])(\s|$)", " ".join(words))
    return match.group(1) if match else " ".join(words)


def as_markdown(sentence):
    """The sentence with `<` outside code spans escaped: Markdown would take `<mode>` for a tag."""
    parts = sentence.split("`")
    parts[::2] = [part.replace("<", "\\<") for part in parts[::2]]
    return "`".join(parts)


def files_of(root, room):
    """The room's public headers, headers and commented sources that have no header, as paths below ROOT."""
    public = [path for path in sorted((root / "include" / "weir").glob("*.h"))
              if check_arrows.owner_of_public(root, path.name) == room]
    own = [path for path in sorted((root / "src" / room).glob("*")) if path.suffix in (".h", ".cc")]
    headers = {path.stem for path in public + own if path.suffix == ".h"}
    sources = [path for path in own if path.suffix == ".cc" and path.stem not in headers
               and not path.stem.endswith("_test") and first_sentence(path.read_text())]
    return public + [path for path in own if path.suffix == ".h"] + sources


def reading_order(root, paths):
    """Each file after those of PATHS it includes; otherwise as given."""
    names = {}
    for path in paths:
        names[str(path.relative_to(root / ("include" if "include" in path.relative_to(root).parts else "src")))] = path
    ordered = []

    def visit(path, above):
        if path in ordered or path in above:
            return
        for match in check_arrows.INCLUDE.finditer(path.read_text()):
            if match.group(2) in names:
                visit(names[match.group(2)], above | {path})
        ordered.append(path)

    for path in paths:
        visit(path, frozenset())
    return ordered


def line_for(root, path):
    name = path.relative_to(root)
    return f"- [`{name}`]({name}): {as_markdown(first_sentence(path.read_text()))}"


def listing(root):
    lines = ["", "**For programs**", ""]
    lines += [line_for(root, root / "include" / "weir" / name) for name in sorted(check_arrows.FOR_PROGRAMS)]
    for room, title in TITLES.items():
        paths = files_of(root, room)
        if not paths:
            continue
        lines += ["", f"**{room}**: {title}", ""]
        lines += [line_for(root, path) for path in reading_order(root, paths)]
    return "\n".join(lines[1:]) + "\n"


def rewritten(root, text):
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + listing(root) + "\n" + END + after


def main(arguments):
    root = pathlib.Path(__file__).resolve().parent.parent
    page = root / "ARCHITECTURE.md"
    old = page.read_text(encoding="utf-8")
    new = rewritten(root, old)
    if arguments == ["--check"]:
        changed = sorted(set(new.splitlines()) ^ set(old.splitlines()))
        for line in changed:
            print(f"ARCHITECTURE.md: {'missing' if line in new.splitlines() else 'outdated'}: {line}")
        if new != old:
            print("scripts/list_files.py writes the list anew")
            sys.exit(1)
    elif arguments:
        sys.exit(__doc__)
    else:
        page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
