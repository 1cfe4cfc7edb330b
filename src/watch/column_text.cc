#include "watch/column_text.h"

#include <fmt/core.h>
#include <langinfo.h>
#include <wchar.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/printable.h"

namespace weir {
namespace {

/// Gives each character and the columns it takes to `take`, which says whether to go on.
template <typename Take>
void each_character(std::string_view text, Take take) {
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t wide = 0;
    const std::size_t length = std::mbrtowc(&wide, text.data(), text.size(), &state);
    std::string_view one = "?";
    int columns = 1;
    std::size_t used = 1;
    if (length > text.size()) {  // broken, or not of this locale
      state = {};
      while (used < text.size() && (static_cast<unsigned char>(text[used]) & 0xc0) == 0x80) ++used;
    } else {
      used = length == 0 ? 1 : length;
      columns = wcwidth(wide);
      one = text.substr(0, used);
      if (wide == L'\n' || wide == L'\t') {
        one = " ";
        columns = 1;
      } else if (columns < 0 || length == 0 || is_steering(static_cast<char32_t>(wide))) {
        one = "?";
        columns = 1;
      }
    }
    if (!take(one, static_cast<std::size_t>(columns))) return;
    text.remove_prefix(used);
  }
}

std::string four_digits(double value) {
  std::string out = fmt::format("{:.4g}", value);
  return out == "-0" ? "0" : out;
}

}  // namespace

std::string shown_text(std::string_view text) {
  std::string out;
  each_character(text, [&out](std::string_view one, std::size_t /*columns*/) {
    out += one;
    return true;
  });
  return out;
}

std::size_t columns_of(std::string_view text) {
  std::size_t all = 0;
  each_character(text, [&all](std::string_view /*one*/, std::size_t columns) {
    all += columns;
    return true;
  });
  return all;
}

std::size_t bytes_within(std::string_view shown, std::size_t columns) {
  std::size_t bytes = 0;
  std::size_t taken = 0;
  each_character(shown, [&](std::string_view one, std::size_t wide) {
    if (taken + wide > columns) return false;
    bytes += one.size();
    taken += wide;
    return true;
  });
  return bytes;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
  columns = std::max<std::size_t>(columns, 8);
  const std::string blanks(std::min(indent, columns / 4), ' ');
  std::vector<std::string> lines;
  std::string rest = shown_text(text);
  while (columns_of(rest) > columns) {
    std::size_t cut = bytes_within(rest, columns);
    const std::size_t blank = rest.find_last_of(' ', cut);
    const bool has_words = blank != std::string::npos && blank > columns / 2;  // else a path would leave lines empty
    if (has_words) cut = blank;
    lines.push_back(rest.substr(0, cut));
    rest = blanks + rest.substr(has_words ? cut + 1 : cut);
  }
  lines.push_back(std::move(rest));
  return lines;
}

std::string fit(std::string_view text, std::size_t columns) {
  const bool is_cut = columns_of(text) > columns;
  const std::size_t room = is_cut && columns > 0 ? columns - 1 : columns;
  std::string out;
  std::size_t taken = 0;
  each_character(text, [&](std::string_view one, std::size_t wide) {
    if (taken + wide > room) return false;
    out += one;
    taken += wide;
    return true;
  });
  if (is_cut && columns > 0) {
    out += '~';
    ++taken;
  }
  return out + std::string(columns - taken, ' ');
}

std::string fit_middle(std::string_view text, std::size_t columns) {
  const std::string shown = shown_text(text);
  const std::size_t all = columns_of(shown);
  constexpr std::size_t kWorthAMiddle = 12;
  if (all <= columns || columns < kWorthAMiddle) return fit(shown, columns);
  const std::size_t head = (columns - 1) / 2;
  const std::size_t tail = columns - 1 - head;
  std::size_t skipped = bytes_within(shown, all - tail);
  // A character of two columns that begins before the tail and ends in it goes.
  while (columns_of(std::string_view(shown).substr(skipped)) > tail) {
    ++skipped;
    while (skipped < shown.size() && (static_cast<unsigned char>(shown[skipped]) & 0xc0) == 0x80) ++skipped;
  }
  return fit(shown.substr(0, bytes_within(shown, head)) + "~" + shown.substr(skipped), columns);
}

std::string fit_right(std::string_view text, std::size_t columns) {
  const std::size_t wide = columns_of(text);
  return wide >= columns ? fit(text, columns) : std::string(columns - wide, ' ') + shown_text(text);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == std::floor(value) && std::abs(value) < 1e10) {
    return fmt::format("{}", static_cast<long long>(value));
  }
  return four_digits(value);
}

std::string change_text(double value) {
  if (std::isnan(value)) return "-";
  return (value > 0 && !std::isinf(value) ? "+" : "") + number_text(value);
}

std::string rate_text(double value) { return std::isnan(value) ? "-" : four_digits(value); }

bool has_blocks() { return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }

}  // namespace weir
