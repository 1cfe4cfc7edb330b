#!/usr/bin/env python3
"""Puts the live page together: one HTML document with style and script inside, as C++ constants.

usage: bundle.py OUT.cc         writes the constants of http/page_bundle.h
       bundle.py --html         prints the document

page.html holds {{style}} and {{script}}. Style is tokens.css, then every other *.css by name. Script is every *.js, each
after those it imports, as a function of its own that returns what the file exports: what is not exported stays private,
exported names are unique (checked). Lines that are comments alone go. Nothing else is changed. The same sources give
the same bytes: no time, no path, no order of a directory is in them.
"""
import base64
import gzip
import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
POLICY = ("default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; connect-src 'self'; img-src data:; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")


def without_comment_lines(text, comment):
    return re.sub(comment, "", text, flags=re.MULTILINE | re.DOTALL)


def scripts_in_order(folder):
    ordered, seen = [], set()

    def visit(path, above):
        if path.name in above:
            raise SystemExit(f"{path.name} imports itself by way of {' -> '.join(above)}")
        if path.name in seen:
            return
        for name in IMPORT.findall(path.read_text(encoding="utf-8")):
            visit(folder / name, above + [path.name])
        seen.add(path.name)
        ordered.append(path)

    for path in sorted(folder.glob("*.js")):
        visit(path, [])
    return ordered


def script(folder):
    parts, owners = [], {}
    for path in scripts_in_order(folder):
        text = path.read_text(encoding="utf-8")
        names = EXPORT.findall(text)
        for name in names:
            if name in owners:
                raise SystemExit(f"{path.name} and {owners[name]} both export {name}; one of them needs another name")
            owners[name] = path.name
        text = re.sub(r"^export ", "", IMPORT.sub("", text), flags=re.MULTILINE)
        text = without_comment_lines(text, r"^ *//[^\n]*\n").strip("\n")
        exported = ", ".join(names)
        parts.append(f"const {{ {exported} }} = (() => {{\n{text}\nreturn {{ {exported} }};\n}})();" if names
                     else f"(() => {{\n{text}\n}})();")
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();\n"


def style(folder):
    paths = sorted(folder.glob("*.css"), key=lambda path: (path.name != "tokens.css", path.name))
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    return without_comment_lines(text, r"^/\*.*?\*/\n")


def sha256(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def document(folder=HERE):
    """(HTML, policy)"""
    styles, scripts = style(folder), script(folder)
    for text, name in ((styles, "style"), (scripts, "script")):
        if f"</{name}" in text:
            raise SystemExit(f"the {name} holds </{name}, which would end it")
    html = (folder / "page.html").read_text(encoding="utf-8")
    html = html.replace("{{style}}", styles).replace("{{script}}", scripts)
    return html, POLICY.format(script=sha256(scripts), style=sha256(styles))


def literal(data):
    """A C++ string literal of these bytes, a line of source each 100 bytes."""
    lines = []
    for at in range(0, len(data), 100):
        lines.append('"' + "".join(f"\\{byte:03o}" for byte in data[at:at + 100]) + '"')
    return "\n".join(lines)


def constants(folder=HERE):
    html, policy = document(folder)
    data = html.encode()
    # Level and header are fixed; the only thing that may differ is another release of zlib.
    packed = bytearray(gzip.compress(data, 9, mtime=0))
    packed[9] = 255  # the operating system: unknown
    etag = hashlib.sha256(data).hexdigest()[:16]
    return f"""// Made by src/http/page/bundle.py: change its sources there.
#include "http/page_bundle.h"

namespace weir {{
namespace {{

constexpr char kHtml[] =
{literal(data)};
constexpr char kGzipped[] =
{literal(bytes(packed))};

}}  // namespace

const PageBundle kPageBundle{{
    {{kHtml, sizeof kHtml - 1}},
    {{kGzipped, sizeof kGzipped - 1}},
    "W/\\"{etag}\\"",
    "{policy}"}};

}}  // namespace weir
"""


def main(arguments):
    if arguments == ["--html"]:
        sys.stdout.write(document()[0])
    elif len(arguments) == 1:
        pathlib.Path(arguments[0]).write_text(constants(), encoding="utf-8")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
