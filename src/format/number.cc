#include "format/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

void write_pair(char* out, std::uint32_t below_100) noexcept {
  std::memcpy(out, &kPairs[std::size_t{2} * below_100], 2);
}

/// Writes the two digits of `below_100` without a leading zero.
char* write_first_pair(char* out, std::uint32_t below_100) noexcept {
  if (below_100 < 10) {
    *out = static_cast<char>('0' + below_100);
    return out + 1;
  }
  write_pair(out, below_100);
  return out + 2;
}

char* write_whole(char* out, std::uint32_t below_million) noexcept {
  if (below_million < 100) return write_first_pair(out, below_million);
  if (below_million < 10000) {
    out = write_first_pair(out, below_million / 100);
  } else {
    out = write_first_pair(out, below_million / 10000);
    write_pair(out, below_million / 100 % 100);
    out += 2;
  }
  write_pair(out, below_million % 100);
  return out + 2;
}

/// Writes `.` and the six digits without the zeros at their end.
char* write_fraction(char* out, std::uint32_t millionths) noexcept {
  *out = '.';
  write_pair(out + 1, millionths / 10000);
  write_pair(out + 3, millionths / 100 % 100);
  write_pair(out + 5, millionths % 100);
  char* end = out + 7;
  while (end[-1] == '0') --end;
  return end;
}

/// Writes whole numbers and millionths in [0.0001, 10^6) and 0: most metrics, at a third of the general algorithm's
/// cost. Returns nullptr for any other `v`, which is not negative.
char* write_few_digits(char* out, double v) noexcept {
  if (!(v < 1e6)) return nullptr;
  const auto whole = static_cast<std::int32_t>(v);
  if (static_cast<double>(whole) == v) return write_whole(out, static_cast<std::uint32_t>(whole));
  const auto scaled = static_cast<std::int64_t>(v * 1e6 + 0.5);
  // Both operands are exact, so the quotient is the double nearest to this decimal; and no two decimals of at most 15
  // digits read as one double, so a decimal that reads as `v` is the shortest that does.
  if (v < 1e-4 || static_cast<double>(scaled) / 1e6 != v) return nullptr;
  const auto millionths = static_cast<std::uint64_t>(scaled);
  out = write_whole(out, static_cast<std::uint32_t>(millionths / 1000000));
  return write_fraction(out, static_cast<std::uint32_t>(millionths % 1000000));
}

/// Shortest digits of any v >= 0; plain notation in [0.0001, `limit`), scientific elsewhere. Never
/// std::chars_format::general: it prints the exact value of large whole numbers, not the shortest.
char* write_shortest(char* out, double v, double limit) noexcept {
  const bool plain = v == 0 || (v >= 1e-4 && v < limit);
  return std::to_chars(out, out + kMaxNumberLength - 1, v,
                       plain ? std::chars_format::fixed : std::chars_format::scientific)
      .ptr;
}

char* write_word(char* out, std::string_view word) noexcept {
  std::memcpy(out, word.data(), word.size());
  return out + word.size();
}

/// Writes the sign and takes it off `v`.
char* write_sign(char* out, double& v) noexcept {
  *out = '-';
  const bool negative = std::signbit(v);
  v = std::fabs(v);
  return out + negative;
}

bool has_point_or_letter(const char* begin, const char* end) noexcept {
  return std::any_of(begin, end, [](char c) { return c == '.' || c >= 'A'; });
}

}  // namespace

char* write_go_number(char* out, double v) noexcept {
  if (!std::isfinite(v)) return write_word(out, std::isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
  out = write_sign(out, v);
  char* const end = write_few_digits(out, v);
  return end != nullptr ? end : write_shortest(out, v, 1e6);
}

char* write_openmetrics_number(char* out, double v) noexcept {
  char* const end = write_go_number(out, v);
  return has_point_or_letter(out, end) ? end : write_word(end, ".0");
}

char* write_python_number(char* out, double v) noexcept {
  if (!std::isfinite(v)) return write_word(out, std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
  out = write_sign(out, v);
  // Below 10^16 the shortest digits of a whole number are all its digits.
  char* const end = write_shortest(out, v, 1e16);
  return has_point_or_letter(out, end) ? end : write_word(end, ".0");
}

std::string python_number(double v) {
  char text[kMaxNumberLength];
  return {text, write_python_number(text, v)};
}

std::string bucket_bound(double v) {
  std::array<char, kMaxNumberLength> buffer;
  if (!std::isfinite(v)) return {buffer.data(), write_go_number(buffer.data(), v)};
  const std::string python(buffer.data(), write_python_number(buffer.data(), v));
  const std::size_t dot = python.find('.');
  if (!(v > 0) || dot == std::string::npos || dot <= 6) return python;
  // The Python client turns to exponents at a million, and writes `e+0` before any number of them: 10^10 is `1e+010`.
  std::string mantissa = python.substr(0, 1) + '.' + python.substr(1, dot - 1) + python.substr(dot + 1);
  mantissa.erase(mantissa.find_last_not_of("0.") + 1);
  return mantissa + "e+0" + std::to_string(dot - 1);
}

double parse_number(std::string_view text) {
  std::string_view rest = text;
  // from_chars takes no plus, and nothing may stand between sign and digits.
  if (rest.starts_with('+') && rest.size() > 1 && rest[1] != '-') rest.remove_prefix(1);
  const char* const end = rest.data() + rest.size();
  double v = 0;
  const auto [stop, error] = std::from_chars(rest.data(), end, v);
  if (error == std::errc::result_out_of_range) {
    throw FormatError(fmt::format("cannot read number {}: beyond the range of a double", printable(text)));
  }
  // from_chars takes `nan(…)` too, which nobody writes.
  if (error != std::errc{} || stop != end || rest.ends_with(')')) {
    throw FormatError(
        fmt::format("cannot read number {}: expected a decimal like 1.5 or 1e+06, +Inf, -Inf or NaN", printable(text)));
  }
  return v;
}

}  // namespace weir
