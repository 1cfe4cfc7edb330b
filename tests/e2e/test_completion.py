"""Shell completion and manual pages: made by `weir` of its own help, used by the real shells and by the real man."""
import re
import subprocess

import pytest

from conftest import CLEAN, WEIR
from terminal import Terminal

PAGES = ["weir", "serve", "show", "top", "check", "fold", "migrate", "completion"]
# What bash itself does at a Tab, without a terminal: split into words (COMP_WORDBREAKS has `=`), call, print.
ASK_BASH = r"""
source <(weir completion bash)
read -r -a COMP_WORDS <<<"${1//=/ = }"
[[ $1 != *' ' && $1 != *= ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_weir
printf '%s\n' "${COMPREPLY[@]}"
"""


def run(arguments, **options):
    path = f"{WEIR.parent}:{CLEAN['PATH']}"
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, env={**CLEAN, "PATH": path}, **options)


def bash(line, folder):
    result = run(["bash", "--norc", "-c", ASK_BASH, "bash", line], cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split("\n")[:-1]


def options_of(command):
    """The long options its help shows."""
    return set(re.findall(r"^  (?:-h,)?(--[a-z.-]+)", run([WEIR, command, "--help"]).stdout, re.MULTILINE))


def test_bash_completes_subcommands(tmp_path):
    assert bash("weir s", tmp_path) == ["serve", "show"]
    assert {"top", "fold", "--help", "--version"} <= set(bash("weir ", tmp_path))


@pytest.mark.parametrize("command", ["serve", "show", "top", "check", "fold", "migrate"])
def test_bash_completes_every_option_of_the_help(tmp_path, command):
    offered = set(bash(f"weir {command} --", tmp_path))
    assert offered == options_of(command) and "--dir" in offered


def test_bash_completes_the_words_of_options(tmp_path):
    assert bash("weir top --order ", tmp_path) == ["rate", "value", "name", "change"]
    assert bash("weir top --order=v", tmp_path) == ["value"]
    assert bash("weir serve --fold a", tmp_path) == ["auto", "all"]
    assert bash("weir completion ", tmp_path)[-3:] == ["bash", "zsh", "fish"]
    assert bash("weir top --interval ", tmp_path) == [""], "a number is no word to offer"


def test_bash_completes_directories_and_files_whatever_their_names(tmp_path):
    (tmp_path / "met rics").mkdir()
    (tmp_path / "meta").write_text("")
    assert bash("weir show --dir me", tmp_path) == ["met rics"]
    assert sorted(bash("weir show --redis-password-file me", tmp_path)) == ["met rics", "meta"]


def test_an_unknown_shell_is_a_usage_error(weir):
    result = weir("completion", "tcsh")
    assert result.returncode == 2 and "it must be bash, zsh or fish" in result.stderr


def test_zsh_and_fish_scripts_name_every_option():
    for shell, form in (("zsh", "'{}["), ("fish", " -l {} ")):
        script = run([WEIR, "completion", shell]).stdout
        for command in ("serve", "show", "top", "check", "fold", "migrate"):
            for option in options_of(command):
                assert form.format(option if shell == "zsh" else option[2:]) in script, (shell, command, option)


def test_fish_completes(tmp_path):
    (tmp_path / "metrics").mkdir()
    script = ("weir completion fish | source; complete -C 'weir top --order '; complete -C 'weir show --dir me'; "
              "complete -C 'weir mig'")
    result = run(["fish", "-N", "-c", script], cwd=tmp_path)
    words = [line.split("\t")[0] for line in result.stdout.splitlines()]
    assert words == ["change", "name", "rate", "value", "metrics/", "migrate"]
    assert result.stderr == ""


def test_zsh_completes_at_a_tab(tmp_path):
    (tmp_path / "metrics").mkdir()
    start = "autoload -U compinit; compinit -D -u; source <(weir completion zsh); PS1='> '; clear\n"
    environment = {"PATH": f"{WEIR.parent}:{CLEAN['PATH']}", "ZDOTDIR": str(tmp_path), "HOME": str(tmp_path)}
    with Terminal("-f", "-i", program=["zsh"], cwd=tmp_path, env=environment) as zsh:
        zsh.type(start)
        zsh.until(r"^>")
        zsh.type("weir mig\t")
        zsh.until(r"^> weir migrate")
        zsh.type("--dir me\t")
        zsh.until(r"^> weir migrate --dir metrics/")
        zsh.type("\x15weir top --order \t")
        assert set(zsh.until(r"^(\w+) +(\w+) +(\w+) +(\w+)$").groups()) == {"change", "name", "rate", "value"}


@pytest.mark.parametrize("page", PAGES)
def test_manual_pages_have_no_warning_and_say_what_the_help_says(page, tmp_path):
    text = run([WEIR, "man", *([page] if page != "weir" else [])]).stdout
    (tmp_path / f"{page}.1").write_text(text)
    environment = {**CLEAN, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MANPAGER": "cat", "MANROFFOPT": "-c"}
    shown = subprocess.run(["man", "--warnings", "-l", "-E", "UTF-8", f"{page}.1"], cwd=tmp_path, capture_output=True,
                           text=True, timeout=60, env=environment)
    assert (shown.returncode, shown.stderr) == (0, "")
    plain = re.sub(".\b", "", shown.stdout)
    for title in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        assert re.search(f"^{title}$", plain, re.MULTILINE), title
    for option in options_of(page) if page != "weir" else ["--version"]:
        assert option in plain

