// How foreign text stands in messages: quoted, cut at 120 bytes, and what steers a terminal or is broken UTF-8 as
// `\xNN`.
//
//   throw ValueError(fmt::format("metric name {} is empty", printable(name)));
//   log_line(LogLevel::warning, "skipped: " + in_one_line(path));
//
// So a hostile name or key can neither flood a log line, nor break it in two, nor command who reads it (I4).
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir {

std::string printable(std::string_view text);

/// The whole text, without quotes: for lines that hold foreign names among other words.
std::string in_one_line(std::string_view text);

/// Whether a terminal or a reader's eye is steered by it: control characters (C0, DEL, C1: U+009B is an escape
/// sequence's beginning in one), separators of lines, and those that turn the direction of text (UAX #9, explicit
/// formatting).
bool is_steering(char32_t c) noexcept;

}  // namespace weir
