// Foreign text and numbers in columns of a terminal.
//
//   out += fit("requests_total{path=\"/ä\"}", 12) + fit_right(number_text(0.1234567), 10);
//
// What a column is, the locale's LC_CTYPE says (setlocale() before): in the C locale anything beyond ASCII is a `?`.
// Thread safety: pure functions but for the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// What a terminal can show of it: control characters and broken UTF-8 become `?`, newlines and tabs blanks.
std::string shown_text(std::string_view text);
/// Columns that shown_text() takes.
std::size_t columns_of(std::string_view text);
/// How many bytes of a shown_text() fit into that many columns: whole characters.
std::size_t bytes_within(std::string_view shown, std::size_t columns);

/// shown_text() in exactly that many columns: filled with blanks, or cut, its last column then `~`.
std::string fit(std::string_view text, std::size_t columns);
/// The same, cut in the middle: series of one family differ at the end.
std::string fit_middle(std::string_view text, std::size_t columns);
/// fit() with the blanks on the left.
std::string fit_right(std::string_view text, std::size_t columns);

/// shown_text() in lines of at most that many columns (at least 8), broken at blanks where there are some; all lines
/// but the first begin with `indent` blanks, fewer where the lines are short.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns, std::size_t indent);

/// At most 10 columns: whole numbers below 10^10 as they are, else four significant digits; `NaN`, `+Inf`, `-Inf`.
std::string number_text(double value);
/// The same with a sign before what is not 0; `-` for NaN.
std::string change_text(double value);
/// Four significant digits; `-` for NaN.
std::string rate_text(double value);

/// True where the locale's text is UTF-8, and a terminal may be given block elements.
bool has_blocks();

}  // namespace weir
