// Arbitrary bytes as the answer of an exporter: read, watched and drawn by `weir top`, they cost their own lines only
// (I4), and no byte of theirs commands the terminal.
//
// Two answers a run, cut at the first byte 0x01, as an exporter gives one after the other.
#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "watch/column_text.h"
#include "watch/exposition_text.h"
#include "watch/top_view.h"

namespace {

constexpr weir::ScreenSize kScreen{.columns = 60, .rows = 12};

void require(bool holds) {
  if (!holds) std::abort();
}

void check_screen(weir::TopView& view) {
  const std::vector<weir::ScreenLine> lines = view.lines(kScreen);
  require(lines.size() == kScreen.rows);
  for (const weir::ScreenLine& line : lines) {
    require(weir::columns_of(line.text) <= kScreen.columns);
    for (const char c : line.text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = all.find('\x01');
  weir::TopView view({.source = "fuzz"});
  double seconds = 0;
  for (const std::string_view body : {all.substr(0, cut), cut == all.npos ? all : all.substr(cut + 1)}) {
    weir::TopReading reading;
    reading.collection = weir::parse_exposition(body, "fuzz");
    require(reading.collection->snapshot.values.size() == reading.collection->snapshot.table->size());
    reading.seconds = ++seconds;
    view.take(std::move(reading));
  }
  for (const char* key : {"5", "2", "3", "1", "s"}) {
    view.press({weir::Key::character, key});
    check_screen(view);
  }
  view.press({weir::Key::enter});
  check_screen(view);
  view.text();
  return 0;
}
