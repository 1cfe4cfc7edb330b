"""P7 to P9: the protocol that keeps a process's counters exact in Redis, tried in every interleaving (tests/models)."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))

import redis_fence  # noqa: E402

FULL = os.environ.get("WEIR_TEST_FULL", "0") not in ("", "0")


def test_with_all_rules_every_state_is_exact():
    verdict = redis_fence.explore(ships=4 if FULL else 3)
    assert verdict.violation == "", verdict.steps
    assert verdict.states > 50000


@pytest.mark.parametrize("rule", redis_fence.RULES)
def test_without_a_rule_some_state_is_wrong(rule):
    verdict = redis_fence.explore(frozenset(redis_fence.RULES) - {rule})
    assert verdict.violation
    assert len(verdict.steps) >= 3


def test_the_failover_is_what_the_walk_is_for():
    steps = redis_fence.explore(frozenset(redis_fence.RULES) - {"walk"}).steps
    assert "failover" in steps and any(step.startswith("fold") for step in steps)
