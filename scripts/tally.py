#!/usr/bin/env python3
"""Counts what a test runner reported: prints "PASSED FAILED SKIPPED".

usage: tally.py REPORT STATUS       REPORT is JUnit XML (ctest, pytest), STATUS the runner's exit status
       tally.py --from-lines REPORT < LOG    makes such a report from lines `ok NAME` and `FAIL NAME: why`

A runner that failed without a failed test, ran no test at all or left no readable report counts one failure: silence is
never success.
"""
import sys
import xml.etree.ElementTree as ET


def count(root):
    """(passed, failed, skipped) of a JUnit tree. What ctest could not run (a program that was not built) has failed."""
    passed = failed = skipped = 0
    for case in root.iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skip is not None and "Unable to find executable" in skip.get("message", ""):
            failed += 1
        elif skip is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def tally(report, status):
    try:
        passed, failed, skipped = count(ET.parse(report).getroot())
    except (OSError, ET.ParseError):
        return 0, 1, 0
    if failed == 0 and (status != 0 or passed == 0):
        failed = 1
    return passed, failed, skipped


def from_lines(lines):
    suite = ET.Element("testsuite")
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word not in ("ok", "FAIL"):
            continue
        case = ET.SubElement(suite, "testcase", name=rest.strip())
        if word == "FAIL":
            ET.SubElement(case, "failure", message=rest)
    return suite


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--from-lines":
        ET.ElementTree(from_lines(sys.stdin)).write(arguments[1])
    elif len(arguments) == 2 and arguments[1].isdigit():
        print(*tally(arguments[0], int(arguments[1])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
