"""What tests across processes share: reading a directory with `weir show` and with stock prometheus_client, and
comparing."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build"))
WEIR = BUILD / "bin" / "weir"
FULL = os.environ.get("WEIR_TEST_FULL", "0") not in ("", "0")
CLEAN = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PROMETHEUS_", "WEIR_"))}
CURRENT = str(ROOT / "build" / "venv" / "bin" / "python")  # prometheus_client of tests/requirements.txt
DEBIAN = "/usr/bin/python3"                                 # Debian's, 0.16: the record layout without timestamps

_STOCK = """
import sys
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry, sys.argv[1])
sys.stdout.buffer.write(generate_latest(registry))
"""
_LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def program(name):
    """A helper program of tests/."""
    return str(BUILD / "bin" / name)


def environment(directory, **more):
    """Environment of a program that counts into `directory`."""
    return {**CLEAN, "PROMETHEUS_MULTIPROC_DIR": str(directory), "PYTHONDONTWRITEBYTECODE": "1", **more}


def show(place, *arguments):
    """What `weir show` prints of a directory or of a Redis (its URL), and what it says on standard error."""
    option = "--redis" if "://" in str(place) else "--dir"
    result = subprocess.run([WEIR, "show", option, str(place), *arguments], capture_output=True, timeout=120, env=CLEAN)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode(), result.stderr.decode()


def stock(directory, python=CURRENT):
    """What stock prometheus_client prints of a directory."""
    result = subprocess.run([python, "-c", _STOCK, str(directory)], capture_output=True, timeout=300, env=CLEAN)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def samples(text):
    """{(name, sorted label pairs): value} of an exposition. A series that appears twice is an error."""
    found = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        assert match, f"no sample: {line!r}"
        pairs = _LABEL.findall(match.group(2) or "")
        labels = tuple(sorted((name, re.sub(r'\\[\\"n]', lambda e: _ESCAPES[e.group()], value))
                              for name, value in pairs))
        assert (match.group(1), labels) not in found, f"twice: {line!r}"
        found[match.group(1), labels] = float(match.group(3))
    return found


def headings(text):
    """{family: (type, help)} of a text exposition."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
    return {name: (kind, helps.get(name, "")) for name, kind in types.items()}


def read(place, *arguments):
    """The samples of a directory or a Redis, by `weir show`; nothing may be skipped."""
    text, said = show(place, *arguments)
    assert said == ""
    return samples(text)


def value(found, name, **labels):
    """One sample of `samples()`, 0 where there is none."""
    return found.get((name, tuple(sorted(labels.items()))), 0.0)


def run(arguments, directory, timeout=120, check=True, **more):
    """Runs a helper program to its end."""
    result = subprocess.run([str(a) for a in arguments], env=environment(directory, **more), capture_output=True,
                            text=True, timeout=timeout)
    if check:
        assert result.returncode == 0, f"{arguments}: {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result


if __name__ == "__main__":
    sys.exit("a module of tests, no program")
