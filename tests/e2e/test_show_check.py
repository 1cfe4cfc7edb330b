"""`weir show`, `weir check` and the help: what they print and how they end."""
import os
import re
import subprocess

import pytest

from conftest import CLEAN, WEIR, entry, fill, write_db


def test_show_prints_the_merged_text(weir, directory):
    result = weir("show", "--dir", directory)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == ("# HELP requests_total Test.\n# TYPE requests_total counter\n"
                             'requests_total{code="200"} 7\n'
                             "# HELP temperature Test.\n# TYPE temperature gauge\ntemperature 21.5\n")


def test_show_speaks_openmetrics(weir, directory):
    assert weir("show", "--dir", directory, "--format", "openmetrics").stdout.endswith("# EOF\n")


def test_show_picks_names(weir, directory):
    assert "requests" not in weir("show", "--dir", directory, "--name", "temperature").stdout
    both = weir("show", "--dir", directory, "--name", "temperature", "requests").stdout
    assert "temperature 21.5" in both and "requests_total" in both


def test_show_reads_the_directory_of_the_environment(weir, directory):
    assert "temperature 21.5" in weir("show", env={"PROMETHEUS_MULTIPROC_DIR": str(directory)}).stdout


def test_show_names_what_it_skips_and_ends_with_zero(weir, directory):
    (directory / "counter_666.db").write_bytes(b"\xff" * 5000)
    result = weir("show", "--dir", directory)
    assert result.returncode == 0
    assert result.stderr.startswith("weir: ") and "counter_666.db" in result.stderr
    assert 'requests_total{code="200"} 7' in result.stdout


@pytest.mark.parametrize("command", ["show", "check"])
def test_directory_that_cannot_be_read_ends_with_one(weir, tmp_path, command):
    result = weir(command, "--dir", tmp_path / "absent")
    assert result.returncode == 1
    assert result.stderr.startswith("weir: ") and "absent" in result.stderr


def test_show_of_an_empty_directory_is_empty_and_good_and_says_so(weir, tmp_path):
    result = weir("show", "--dir", tmp_path)
    assert (result.returncode, result.stdout) == (0, "")
    assert str(tmp_path) in result.stderr and "PROMETHEUS_MULTIPROC_DIR" in result.stderr


def test_show_of_a_name_that_is_none_says_so(weir, directory):
    result = weir("show", "--dir", directory, "--name", "no_such_metric")
    assert (result.returncode, result.stdout) == (0, "")
    assert "no metric is named no_such_metric" in result.stderr


@pytest.mark.parametrize("arguments, word", [
    (["show"], "PROMETHEUS_MULTIPROC_DIR"),
    (["check"], "PROMETHEUS_MULTIPROC_DIR"),
    (["check"], "--redis URL"),
    (["fold"], "--redis URL"),
    (["show", "--dir", "/tmp", "--format", "xml"], '"xml"'),
    (["show", "--dir"], "--dir"),
    (["show", "extra"], "extra"),
    (["show", "extra"], "`weir help show`"),
    (["sohw"], "sohw"),
    ([], "subcommand"),
    (["help", "sohw"], "sohw"),
])
def test_bad_usage_ends_with_two(weir, arguments, word):
    result = weir(*arguments)
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith("weir: ") and word in result.stderr
    assert result.stdout == ""


def test_closed_pipe_is_a_message_and_one(tmp_path):
    fill(tmp_path, 8, 2000, distinct=True)
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = subprocess.run([WEIR, "show", "--dir", tmp_path], stdout=write_end, stderr=subprocess.PIPE, text=True,
                            env=CLEAN, timeout=60)
    os.close(write_end)
    assert result.returncode == 1
    assert "standard output" in result.stderr and "Broken pipe" in result.stderr


def test_closed_or_full_standard_error_changes_no_exit_code(directory):
    def ended(command):
        return subprocess.run(["bash", "-c", f"exec {WEIR} {command}"], cwd=directory, env=CLEAN, timeout=60, check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    for where in ("2>/dev/full", "2>&-", "0<&- 2>&-"):
        assert ended(f"show --dir gone {where}").returncode == 1, where
        assert ended(f"show --nonsense {where}").returncode == 2, where
    unheard = ended("fold --dir . --stock >&-")
    assert unheard.returncode == 1 and b"cannot write to standard output" in unheard.stderr
    assert ended("check --dir . ").returncode == 0, "what was printed is in no archive"


@pytest.mark.parametrize("arguments", [["show"], ["check"], ["--help"]])
def test_full_disk_is_a_message_and_one(weir, directory, arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        result = weir(*arguments, env={"PROMETHEUS_MULTIPROC_DIR": str(directory)}, stdout=full)
    assert result.returncode == 1
    assert "No space left on device" in result.stderr


def test_check_of_a_healthy_directory_ends_with_zero(weir, directory):
    result = weir("check", "--dir", directory)
    assert result.returncode == 0, result.stdout
    assert "3 files" in result.stdout and "2 series" in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.startswith("gauge_max_101.db"))
    assert row.split()[1:6] == ["gauge", "max", "101", "current", "1"]
    assert "dead" in row


def test_check_names_every_fault_and_ends_with_one(weir, directory):
    (directory / "counter_666.db").write_bytes(b"\xff" * 5000)
    result = weir("check", "--dir", directory)
    assert result.returncode == 1
    assert "1 could not be read" in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.startswith("counter_666.db"))
    assert row.split()[-1] not in ("dead", "alive", "unknown"), "the row names no problem"


def test_check_says_of_each_odd_file_what_a_scrape_makes_of_it(weir, directory):
    os.mkfifo(directory / "counter_7.db")
    (directory / "counter_8.db").symlink_to(directory / "counter_101.db")
    (directory / "counter_9.db").symlink_to("gone.db")
    rows = {line.split()[0]: line for line in weir("check", "--dir", directory).stdout.splitlines() if line}
    assert rows["counter_7.db"].endswith(" not_a_file") and rows["counter_9.db"].endswith(" vanished")
    assert rows["counter_8.db"].endswith(" a symbolic link: scraped, never folded")


def test_check_sees_a_stock_writer_that_lives(weir, directory):
    with open(directory / "counter_101.db", "r+b"):
        rows = weir("check", "--dir", directory).stdout.splitlines()
    assert "alive" in next(row for row in rows if row.startswith("counter_101.db"))
    assert "dead" in next(row for row in rows if row.startswith("counter_102.db"))


def test_check_advises_on_live_gauges_of_the_dead(weir, directory):
    write_db(directory / "gauge_livesum_101.db", [entry("inprogress", {}, 2.0)])
    assert "mark_process_dead" in weir("check", "--dir", directory).stdout


def test_check_of_many_files_stays_on_a_screen(weir, tmp_path):
    fill(tmp_path, 200, 1, distinct=False)
    assert len(weir("check", "--dir", tmp_path).stdout.splitlines()) < 50
    assert len(weir("check", "--dir", tmp_path, "--all").stdout.splitlines()) > 200


@pytest.mark.parametrize("command", [["check"], ["show", "--name", "none"], ["top", "--once", "--interval", "0.1"]])
def test_a_file_name_commands_no_terminal_and_makes_no_line(weir, directory, command):
    (directory / "counter_\x1b[31m\nforged \u009b5n \u202e.db").write_bytes(b"garbage")
    shown = weir(*command, "--dir", directory)
    assert not re.search("[\x1b\u009b\u202e]|\nforged", shown.stdout + shown.stderr)
    assert r"counter_\x1b[31m\x0aforged \xc2\x9b5n \xe2\x80\xae.db" in shown.stdout + shown.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["help"], ["help", "serve"], ["serve", "--help"], ["show", "--help"],
                                       ["check", "-h"]])
def test_help_teaches_examples_variables_and_exit_codes(weir, arguments):
    result = weir(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("weir ", "PROMETHEUS_MULTIPROC_DIR", "Exit codes"):
        assert word in result.stdout


def test_version_is_printed(weir):
    result = weir("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("weir ") and result.stdout.count(".") == 2
