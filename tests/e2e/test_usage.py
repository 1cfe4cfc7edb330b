"""A command line that cannot be: the message names the option and its value, and says what would be right."""
import subprocess

import pytest

from conftest import WEIR


def said(*arguments):
    result = subprocess.run([WEIR, *arguments], capture_output=True, text=True, timeout=30, env={})
    assert (result.returncode, result.stdout) == (2, "")
    first, hint = result.stderr.splitlines()
    assert hint.startswith("weir: `weir help") and hint.endswith("shows what would be right")
    return first.removeprefix("weir: ")


@pytest.mark.parametrize("arguments, words", [
    (["show", "--dir"], "--dir has no value; write --dir DIRECTORY: Directory the processes write to"),
    (["check", "--redis"], "--redis has no value; write --redis URL: Redis the processes write to"),
    (["serve", "--listen"], "--listen has no value; write --listen HOST:PORT: Where to listen"),
    (["fold", "--keep-all"], "--keep-all has no value; write --keep-all SECONDS: How long"),
    (["migrate", "--dir="], "--dir has no value; write --dir DIRECTORY: "),
    (["top", "--interval"], "--interval has no value; write --interval SECONDS: "),
    (["fold", "--keep-all", "soon"], '--keep-all is "soon"; it must be a number from 0 to 1000000000'),
    (["fold", "--keep-all", "-1"], '--keep-all is "-1"; it must be a number from 0 to 1000000000'),
    (["fold", "--keep-all", "nan"], '--keep-all is "nan"; it must be a number from 0 to 1000000000'),
    (["serve", "--max-connections", "1.5"], '--max-connections is "1.5"; it must be a whole number'),
    (["show", "--layout", "bad"], '--layout is "bad"; it must be per-process, shared or auto'),
    (["migrate", "--dry-run=maybe"], '--dry-run takes no value, but "maybe" is given; write --dry-run alone'),
    (["check", "--all=5"], '--all takes no value, but "5" is given; write --all alone'),
    (["check", "--all=true"], '--all takes no value, but "true" is given; write --all alone'),
    (["top", "--once="], '--once takes no value, but "" is given; write --once alone'),
    (["serve", "--help=me"], '--help takes no value, but "me" is given; write --help alone'),
    (["--version=2"], '--version takes no value, but "2" is given; write --version alone'),
    (["show", "--dir", "a", "--dir", "b"], "--dir is given more than once; leave all but one out"),
    (["show", "--nosuch"], 'show has no option "--nosuch"'),
    (["show", "extra"], 'show does not take "extra"; what it is about is named by --dir, --redis or --url'),
    (["check", "/run/app"], 'check does not take "/run/app"; what it is about is named by --dir or --redis'),
    (["nosuch"], 'there is no subcommand "nosuch"; there are serve, show, '),
    (["--nosuch"], 'weir has no option "--nosuch"'),
    (["sho", "--dir", "a"], 'there is no subcommand "sho"; there are serve, show, '),
    (["--dir", "a", "show"], "--dir stands before show; what belongs to a subcommand stands after it"),
    (["completion"], "completion needs SHELL: bash, zsh or fish"),
])
def test_what_is_wrong_is_said_with_what_would_be_right(arguments, words):
    assert said(*arguments).startswith(words)
