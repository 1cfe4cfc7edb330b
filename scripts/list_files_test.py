"""What list_files.py takes from a file, and in which order."""
import list_files


def test_the_first_sentence_may_span_lines_and_hold_dots():
    text = "// Reads `a.db`\n// files. More.\n//\n// Even more.\n#pragma once\n"
    assert list_files.first_sentence(text) == "Reads `a.db` files."


def test_a_file_that_opens_with_code_has_no_sentence():
    assert list_files.first_sentence('#include "x.h"\n// Later.\n') == ""


def test_what_markdown_takes_for_a_tag_is_escaped_outside_code():
    assert list_files.as_markdown("gauge_<mode> and `<x>`") == "gauge_\\<mode> and `<x>`"


def test_a_file_stands_after_those_of_its_room_it_includes(tmp_path):
    room = tmp_path / "src" / "model"
    room.mkdir(parents=True)
    (room / "a.h").write_text('// A.\n#include "model/b.h"\n')
    (room / "b.h").write_text("// B.\n")
    paths = [room / "a.h", room / "b.h"]
    assert list_files.reading_order(tmp_path, paths) == [room / "b.h", room / "a.h"]


def test_files_that_include_each_other_are_listed_once(tmp_path):
    room = tmp_path / "src" / "model"
    room.mkdir(parents=True)
    (room / "a.h").write_text('#include "model/b.h"\n')
    (room / "b.h").write_text('#include "model/a.h"\n')
    assert len(list_files.reading_order(tmp_path, [room / "a.h", room / "b.h"])) == 2


def test_only_the_part_between_the_marks_is_rewritten(tmp_path):
    (tmp_path / "include" / "weir").mkdir(parents=True)
    for umbrella in ("weir.h", "redis.h"):
        (tmp_path / "include" / "weir" / umbrella).write_text("// Everything.\n")
    room = tmp_path / "src" / "model"
    room.mkdir(parents=True)
    (room / "names.h").write_text("// Names.\n")
    page = f"before\n{list_files.BEGIN}old\n{list_files.END}after\n"
    new = list_files.rewritten(tmp_path, page)
    assert new.startswith("before\n") and new.endswith("after\n")
    assert "- [`src/model/names.h`](src/model/names.h): Names." in new and "old" not in new
