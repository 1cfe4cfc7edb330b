"""The Python blocks of Weir's own pages run as they stand, each in a process of its own, with a Redis beside it."""
import pathlib
import re

import pytest

from redis_programs import redis, run_with, server  # noqa: F401  (fixtures)

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [pytest.param(block, id=f"{page}-{number}") for page in ("coming-from", "choosing_storage")
          for number, block in enumerate(BLOCK.findall((DOCS / f"{page}.md").read_text()))]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_block_runs(block, redis):  # noqa: F811
    assert "assert " in block
    run_with(redis, block)


def test_every_page_has_blocks():
    assert {parameter.id.rsplit("-", 1)[0] for parameter in BLOCKS} == {"coming-from", "choosing_storage"}
