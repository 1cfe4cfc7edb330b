"""P9: folding a writer in parts, two folders and a reader, tried in every interleaving (tests/models/redis_fold.py)."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))

import redis_fold  # noqa: E402

FULL = os.environ.get("WEIR_TEST_FULL", "0") not in ("", "0")


def test_with_all_rules_every_interleaving_is_exact():
    verdict = redis_fold.explore(folds=3 if FULL else 2)
    assert verdict.violation == "", verdict.steps
    assert verdict.states > 30000


@pytest.mark.parametrize("rule", redis_fold.RULES)
def test_without_a_rule_some_interleaving_is_wrong(rule):
    verdict = redis_fold.explore(frozenset(redis_fold.RULES) - {rule})
    assert verdict.violation
    assert len(verdict.steps) >= 3


def test_two_folders_are_what_the_count_is_compared_for():
    steps = redis_fold.explore(frozenset(redis_fold.RULES) - {"compare"}).steps
    assert any("folder 0" in step for step in steps) and any("folder 1" in step for step in steps)
