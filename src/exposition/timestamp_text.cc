#include "exposition/timestamp_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace weir {

void append_milliseconds(std::string& out, double seconds) {
  const double milliseconds = std::trunc(seconds * 1000);
  if (!(std::fabs(milliseconds) < 0x1p63)) return;
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(milliseconds));
  out.append(" ").append(digits.data(), end.ptr);
}

void append_seconds(std::string& out, double seconds) {
  if (!std::isfinite(seconds)) return;
  // Never in exponent form, though OpenMetrics allows it: prometheus_client's parser reads 1.5e+09 as one second.
  std::array<char, 400> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), seconds, std::chars_format::fixed);
  if (error == std::errc{}) out.append(" ").append(digits.data(), end);
}

}  // namespace weir
