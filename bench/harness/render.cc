#include "harness/render.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace weir::bench {
namespace {

constexpr std::size_t kNumber = 32;

// Whole numbers, which is what counters hold, are printed as such: a third of the time of the general form.
char* number(char* out, double value) {
  const auto whole = static_cast<std::int64_t>(value);
  if (static_cast<double>(whole) == value && std::abs(value) < 1e6) return std::to_chars(out, out + kNumber, whole).ptr;
  return std::to_chars(out, out + kNumber, value).ptr;
}

}  // namespace

CachedPrefixes::CachedPrefixes(const std::vector<std::string>& series) {
  for (const std::string& one : series) {
    text_ += one;
    text_ += ' ';
    ends_.push_back(text_.size());
  }
  room_ = text_.size() + series.size() * kNumber;
  body_ = std::make_unique<char[]>(room_);
}

std::string_view CachedPrefixes::render(const std::vector<double>& values) {
  char* out = body_.get();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    std::memcpy(out, text_.data() + begin, ends_[i] - begin);
    out = number(out + (ends_[i] - begin), values[i]);
    *out++ = '\n';
    begin = ends_[i];
  }
  return {body_.get(), static_cast<std::size_t>(out - body_.get())};
}

}  // namespace weir::bench
