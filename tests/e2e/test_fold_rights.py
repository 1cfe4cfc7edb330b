"""`weir fold` and its siblings as another user than the one who counted: what is missing is said once, with what to do."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from waiting import wait_until  # noqa: E402

from conftest import CLEAN, WEIR, Server, entry, write_db  # noqa: E402

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture
def place():
    """A folder others may enter, with `weir` in it and a directory of two files of prometheus_client."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-rights-", dir="/dev/shm"))
    try:
        folder.chmod(0o755)
        shutil.copy(WEIR, folder / "weir")
        (folder / "metrics").mkdir()
        (folder / "metrics").chmod(0o755)
        for pid in (101, 102):
            path = folder / "metrics" / f"counter_{pid}.db"
            write_db(path, [entry("requests", {}, 3.0, sample="requests_total")])
            path.chmod(0o644)
        yield folder
    finally:
        shutil.rmtree(folder)


def as_nobody(place, *arguments):
    result = subprocess.run([*NOBODY, place / "weir", *map(str, arguments), "--dir", place / "metrics"], capture_output=True, text=True,
                            timeout=60, env=CLEAN)
    return result.returncode, result.stdout, result.stderr.splitlines()


def test_files_of_others_cannot_be_asked_for_their_writers(place):
    (place / "metrics").chmod(0o777)
    code, said, problems = as_nobody(place, "fold", "--stock")
    assert (code, len(problems)) == (1, 1), problems
    assert "cannot tell whether the writer of" in problems[0] and "counter_101.db and 1 more has ended" in problems[0]
    assert "user 65534 may not ask whether anyone writes it" in problems[0] and "belongs to user 0 with mode 0644: run this as" in problems[0]
    assert "0 files folded" in said
    assert sorted(os.listdir(place / "metrics")) == ["counter_101.db", "counter_102.db"]


def test_files_that_may_not_be_read_are_no_success(place):
    for path in (place / "metrics").iterdir():
        path.chmod(0o600)
    code, _, problems = as_nobody(place, "fold")
    assert (code, len(problems)) == (1, 1), problems
    assert "counter_101.db and 1 more has ended, so it stays; user 65534 may not read it" in problems[0]
    code, _, problems = as_nobody(place, "show")
    assert code == 1 and re.search(r"cannot open \S+counter_101.db: Permission denied; user 65534 may not read it", problems[0])


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o744])
def test_a_directory_without_rights_is_one_problem(place, mode):
    (place / "metrics").chmod(mode)
    for command in ("show", "top"):
        code, _, problems = as_nobody(place, command)
        assert (code, len(problems)) == (1, 2), problems
        assert f"cannot list the multiprocess directory {place}/metrics: Permission denied; user 65534 may not list and enter it (r-x), " \
               f"it belongs to user 0 with mode {mode:04o}" in problems[0]
        assert "nothing could be read" in problems[1]


def test_a_directory_that_may_not_be_written_is_said_before_anything_is_done(place):
    for path in (place / "metrics").iterdir():
        os.chown(path, 65534, 65534)
    code, _, problems = as_nobody(place, "fold", "--stock")
    assert (code, len(problems)) == (1, 1), problems
    assert "cannot fold" in problems[0] and "user 65534 may not write in it, it belongs to user 0 with mode 0755" in problems[0]
    assert sorted(os.listdir(place / "metrics")) == ["counter_101.db", "counter_102.db"]


def test_without_folding_the_dead_are_counted_all_the_same(directory):
    server = Server("--dir", directory, "--listen", "127.0.0.1:0", "--fold", "off")
    try:
        wait_until(lambda: "weir_writer_files_other 3" in server.text("/backend"), "the first look")
        backend = server.text("/backend")
        assert "weir_writer_files_dead 0" in backend and "weir_folds_total 0" in backend
        assert len(list(directory.glob("*.db"))) == 3
    finally:
        server.close()
