"""The reference pages of the docs site, made from what people would read otherwise: headers, docstrings, `weir
help`."""
import importlib
import inspect
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
WEIR = ROOT / "build" / "bin" / "weir"
PACKAGES = ("weir", "weir.prometheus", "weir.pytheus", "gunicorn_prometheus_exporter")


def command_line():
    """`weir help` of the whole and of every subcommand."""
    overview = _help()
    names = re.findall(r"^  ([a-z]+)  +\S", overview.partition("Subcommands:")[2].partition("\n\n")[0], re.MULTILINE)
    if "serve" not in names:
        raise SystemExit(f"reference.py: `weir --help` lists no subcommands:\n{overview}")
    pages = [f"# weir\n\n```text\n{overview}```\n"]
    pages += [f"\n## weir {name}\n\n```text\n{_help(name)}```\n" for name in names if name != "help"]
    return "".join(pages)


def _help(*subcommand):
    return subprocess.run([WEIR, *(("help", *subcommand) if subcommand else ("--help",))], capture_output=True,
                          text=True, check=True, timeout=60).stdout


def headers(folder):
    """Each public header: its opening comment as text, then its public part as code."""
    pages = ["# C++ reference\n\n"
             "Every header of `weir/`, in the order of the alphabet: what it is for, then its public part.\n"
             "`#include <weir/weir.h>` brings what a program that counts needs, `<weir/redis.h>` all of Redis.\n"]
    for header in sorted(folder.glob("*.h")):
        comment, code = _parted(header.read_text(encoding="utf-8"))
        pages.append(f"\n## weir/{header.name}\n\n{_prose(comment)}\n```cpp\n{_public(code)}\n```\n")
    return "".join(pages)


def _parted(text):
    """The lines of the opening comment, and what follows `#pragma once` and the includes."""
    comment, _, rest = text.partition("#pragma once\n")
    lines = [line[2:].removeprefix(" ") for line in comment.splitlines() if line.startswith("//")]
    return lines, re.sub(r"^#include .*\n", "", rest, flags=re.MULTILINE).strip()


def _prose(lines):
    """Indented lines are code there as here: a comment of this house indents its examples by two."""
    made, inside = [], False
    for line in lines:
        is_code = line.startswith("  ") and line.strip() != ""
        if is_code != inside and (is_code or line.strip()):
            made.append("```cpp\n" if is_code else "```\n\n")
            inside = is_code
        made.append(line.removeprefix("  ") + "\n" if inside else line + "\n")
    return "".join(made) + ("```\n" if inside else "")


def _public(code):
    """Without the private and protected sections of classes: from the word to the end of its class."""
    kept, depth, hidden_at = [], 0, None
    for line in code.splitlines():
        if hidden_at is None and re.fullmatch(r"\s*(private|protected):.*", line):
            hidden_at = depth
        if hidden_at is not None and re.fullmatch(r"\s*public:.*", line) and depth == hidden_at:
            hidden_at = None
        depth += line.count("{") - line.count("}")
        if hidden_at is not None and depth < hidden_at:
            hidden_at = None
        if hidden_at is None:
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept))


def python_packages():
    """What the Python packages export, with signatures and docstrings."""
    sys.path.insert(0, str(ROOT / "build" / "python"))
    with tempfile.TemporaryDirectory() as folder:  # Gunicorn's metrics are made where they are imported
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        return _pages_of_packages()


def _pages_of_packages():
    pages = ["# Python reference\n"]
    for name in PACKAGES:
        module = importlib.import_module(name)
        pages.append(f"\n## {name}\n\n{inspect.getdoc(module) or ''}\n")
        for public in getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")]):
            try:
                pages.append(_described(public, getattr(module, public), 3))
            except (ImportError, RuntimeError) as error:  # workers of gevent and eventlet, where those are not
                pages.append(f"\n### {public}\n\nNot described where this page was made: {error}.\n")
    return "".join(pages)


def _described(name, thing, level):
    if inspect.ismodule(thing):
        return ""
    text = f"\n{'#' * level} {name}\n"
    if callable(thing):
        text += f"\n```python\n{name}{_signature(thing)}\n```\n"
        text += f"\n{inspect.getdoc(thing) or ''}\n"
    if inspect.isclass(thing):
        members = [m for m in vars(thing) if not m.startswith("_") and callable(getattr(thing, m))]
        text += "".join(f"\n- `{m}{_signature(getattr(thing, m))}`: {_first_line(getattr(thing, m))}"
                        for m in members) + "\n"
    return text


def _signature(thing):
    try:
        return str(inspect.signature(thing))
    except (TypeError, ValueError):
        return "(…)"


def _first_line(thing):
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")
