"""What check_arrows.py refuses, and that this tree gives it no reason to."""
import pathlib

import check_arrows


def tree(tmp_path, files):
    for room in check_arrows.ARROWS:
        (tmp_path / "src" / room).mkdir(parents=True)
    (tmp_path / "include" / "weir").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return check_arrows.check(tmp_path)


def test_this_tree_keeps_its_arrows():
    assert check_arrows.check(pathlib.Path(__file__).parent.parent) == []


def test_an_include_along_an_arrow_is_fine(tmp_path):
    assert tree(tmp_path, {"src/format/key.h": '#include "model/names.h"\n#include <string>\n'}) == []


def test_an_include_against_an_arrow_names_file_line_and_rooms(tmp_path):
    (violation,) = tree(tmp_path, {"src/model/names.cc": '\n#include "format/key.h"\n'})
    assert violation.startswith("src/model/names.cc:2: model includes")
    assert "format" in violation


def test_instrument_and_collect_never_include_each_other(tmp_path):
    violations = tree(
        tmp_path,
        {"src/instrument/a.cc": '#include "collect/b.h"\n', "src/collect/b.cc": '#include "instrument/a.h"\n'},
    )
    assert len(violations) == 2


def test_a_public_header_belongs_to_the_room_of_its_source(tmp_path):
    files = {
        "include/weir/counter.h": "",
        "src/instrument/counter.cc": '#include "weir/counter.h"\n',
        "src/collect/merge.cc": '#include "weir/counter.h"\n',
    }
    (violation,) = tree(tmp_path, files)
    assert violation.startswith("src/collect/merge.cc:1")


def test_a_public_header_obeys_the_arrows_of_its_room(tmp_path):
    files = {
        "include/weir/names.h": '#include "weir/counter.h"\n',
        "include/weir/counter.h": "",
        "src/model/names.cc": "",
        "src/instrument/counter.cc": "",
    }
    (violation,) = tree(tmp_path, files)
    assert violation.startswith("include/weir/names.h:1")


def test_a_public_header_of_no_room_is_refused(tmp_path):
    (violation,) = tree(tmp_path, {"include/weir/orphan.h": ""})
    assert "orphan.h" in violation


def test_the_header_for_programs_includes_all_rooms_and_no_room_includes_it(tmp_path):
    files = {
        "include/weir/weir.h": '#include "weir/exposer.h"\n#include "weir/error.h"\n',
        "include/weir/error.h": "",
        "include/weir/exposer.h": "",
        "src/collect/x.cc": '#include "weir/weir.h"\n',
    }
    (violation,) = tree(tmp_path, files)
    assert violation.startswith("src/collect/x.cc:1") and "for programs" in violation


def test_a_hidden_library_stays_in_its_room(tmp_path):
    (violation,) = tree(tmp_path, {"src/collect/x.cc": "#include <microhttpd.h>\n"})
    assert "only http may" in violation


def test_cmake_may_not_draw_an_arrow_of_its_own(tmp_path):
    (violation,) = tree(tmp_path, {"src/model/CMakeLists.txt": "weir_room(model ROOMS format LIBRARIES fmt::fmt)\n"})
    assert "ROOMS has format" in violation


def test_a_room_nobody_knows_is_refused(tmp_path):
    (tmp_path / "src" / "attic").mkdir(parents=True)
    (tmp_path / "src" / "attic" / "x.cc").write_text("")
    assert any("attic" in violation for violation in tree(tmp_path, {}))
