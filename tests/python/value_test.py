"""weir._weir.Value: one value over one cell."""
import os
import subprocess

import pytest

from weir import _weir

WEIR = os.environ.get("WEIR_BUILD_DIR", "build/release") + "/bin/weir"


@pytest.fixture
def storage(tmp_path):
    return _weir.file_storage(str(tmp_path / "metrics"))


def shown(storage):
    directory = storage.describe().removeprefix("directory ")
    return subprocess.run([WEIR, "show", "--dir", directory], check=True, capture_output=True, text=True).stdout


def test_what_it_counts_is_scraped(storage):
    value = _weir.Value("counter", "jobs", "jobs_total", ["kind"], ["red"], "Jobs.", storage=storage)
    value.inc()
    value.inc(2.5)
    assert value.get() == 3.5
    assert 'jobs_total{kind="red"} 3.5\n' in shown(storage)


def test_a_mostrecent_gauge_keeps_its_timestamp(storage):
    value = _weir.Value("gauge", "t", "t", [], [], "T.", "mostrecent", storage=storage)
    value.set(4, timestamp=12.5)
    value.set(3, 11)  # older
    assert (value.get(), value.get_timestamp()) == (4, 12.5)


def test_a_forked_child_counts_from_zero(storage):
    value = _weir.Value("counter", "forks", "forks_total", [], [], "F.", storage=storage)
    value.inc(5)
    pid = os.fork()
    if pid == 0:
        value.inc(2)
        os._exit(0 if value.get() == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert value.get() == 5
    assert "forks_total 7\n" in shown(storage)


@pytest.mark.parametrize("arguments, message", [
    (("histo", "x", "x", [], [], ""), "type 'histo' must be"),
    (("gauge", "x", "x", [], [], "", "average"), "unknown multiprocess mode 'average'"),
    (("counter", "x", "x", ["a"], [], ""), "1 label names and 0 values"),
])
def test_bad_arguments_are_named(storage, arguments, message):
    with pytest.raises(_weir.ValueError, match=message):
        _weir.Value(*arguments, storage=storage)


def test_what_was_brought_shows_in_get_only_and_not_in_a_child(storage):
    value = _weir.Value("counter", "moved", "moved_total", [], [], "M.", storage=storage)
    value.bring(5)
    value.inc(2)
    pid = os.fork()
    if pid == 0:
        value.inc()
        os._exit(0 if value.get() == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert value.get() == 7
    assert "moved_total 3\n" in shown(storage)


def test_in_memory_a_forked_child_goes_on():
    value = _weir.Value("gauge", "g", "g", [], [], "G.", storage=_weir.memory_storage())
    value.set(3)
    assert not value._multiprocess
    pid = os.fork()
    if pid == 0:
        value.inc()
        os._exit(0 if value.get() == 4 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert value.get() == 3


def test_the_newest_exemplar_is_kept_and_any_object_may_be_one(storage):
    value = _weir.Value("counter", "e", "e_total", [], [], "E.", storage=storage)
    assert value._multiprocess and value.get_exemplar() is None
    value.set_exemplar("no exemplar of prometheus_client's")
    newest = object()
    value.set_exemplar(newest)
    assert value.get_exemplar() is newest


def test_a_value_is_initialized_once_and_before_use(storage):
    value = _weir.Value("counter", "once", "once_total", [], [], "O.", storage=storage)
    value.inc(3)
    with pytest.raises(TypeError, match="called before"):
        value.__init__("counter", "twice", "twice_total", [], [], "T.", storage=storage)
    assert value.get() == 3
    with pytest.raises(RuntimeError, match="__init__ has not been called"):
        _weir.Value.__new__(_weir.Value).inc()
