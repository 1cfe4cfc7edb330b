// What stands between a view and a terminal: lines with a style, and keys pressed. No terminal is needed to make or
// test either.
//
// Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir {

enum class Style : std::uint8_t { plain, title, faint, heading, selected, warning };

/// `text` takes at most the screen's columns, and holds nothing a terminal would obey.
struct ScreenLine {
  std::string text;
  Style style = Style::plain;
};

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

enum class Key : std::uint8_t {
  character,
  enter,
  escape,
  backspace,
  tab,
  back_tab,
  up,
  down,
  left,
  right,
  page_up,
  page_down,
  home,
  end
};

struct Press {
  Key key = Key::character;
  std::string character{};  ///< of Key::character, in the locale's encoding
};

}  // namespace weir
