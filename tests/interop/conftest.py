"""What the interop tests share: a metrics directory in memory that is gone afterwards."""
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))


@pytest.fixture
def memory_directory():
    """An empty directory on tmpfs, where a store never waits for a disk."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="weir-interop-", dir="/dev/shm"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
