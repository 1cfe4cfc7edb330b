"""The model of folding files (protocol P6): exact with all its rules, wrong without any one of them."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import fold_files  # noqa: E402


def test_every_interleaving_of_folders_and_a_scrape_shows_the_same_total():
    verdict = fold_files.explore()
    assert verdict.steps == ()
    assert verdict.states > 10_000


@pytest.mark.parametrize("rule", fold_files.RULES)
def test_without_any_one_rule_some_interleaving_shows_another_total(rule):
    verdict = fold_files.explore(frozenset(fold_files.RULES) - {rule})
    assert verdict.steps[-1].startswith(("the reader shows", "folder"))
