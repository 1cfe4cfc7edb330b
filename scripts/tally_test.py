"""What tally.py counts."""
import xml.etree.ElementTree as ET

import tally


def report(tmp_path, body):
    path = tmp_path / "report.xml"
    path.write_text(f"<testsuites><testsuite>{body}</testsuite></testsuites>")
    return path


def test_each_case_counts_once_under_what_became_of_it(tmp_path):
    path = report(
        tmp_path,
        '<testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><error/></testcase>'
        '<testcase name="d"><skipped message="no root"/></testcase>',
    )
    assert tally.tally(path, 1) == (1, 2, 1)


def test_a_program_ctest_did_not_find_has_failed(tmp_path):
    path = report(tmp_path, '<testcase name="x_NOT_BUILT"><skipped message="Unable to find executable"/></testcase>')
    assert tally.tally(path, 8) == (0, 1, 0)


def test_a_failed_runner_with_passed_tests_only_counts_one_failure(tmp_path):
    assert tally.tally(report(tmp_path, '<testcase name="a"/>'), 2) == (1, 1, 0)


def test_a_runner_that_ran_nothing_counts_one_failure(tmp_path):
    assert tally.tally(report(tmp_path, ""), 0) == (0, 1, 0)
    assert tally.tally(report(tmp_path, '<testcase name="a"><skipped/></testcase>'), 0) == (0, 1, 1)


def test_a_missing_or_broken_report_counts_one_failure(tmp_path):
    assert tally.tally(tmp_path / "none.xml", 0) == (0, 1, 0)
    (tmp_path / "half.xml").write_text("<testsuite><testcase")
    assert tally.tally(tmp_path / "half.xml", 0) == (0, 1, 0)


def test_lines_become_a_report(tmp_path):
    tree = tally.from_lines(["ok   a/b\n", "FAIL a/c: missing x\n", "1 passed, 1 failed\n"])
    ET.ElementTree(tree).write(tmp_path / "lines.xml")
    assert tally.tally(tmp_path / "lines.xml", 1) == (1, 1, 0)
