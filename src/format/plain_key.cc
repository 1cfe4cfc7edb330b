#include "format/plain_key.h"

#include <cstring>

namespace weir {
namespace {

/// No escapes, nothing to validate. Without an early way out, so that compilers make vectors of it.
bool is_printable_without_backslash(std::string_view text) noexcept {
  unsigned char bad = 0;
  for (const char c : text) bad |= static_cast<unsigned char>((c < ' ') | (c == 0x7F) | (c == '\\'));
  return bad == 0;
}

class PlainReader {
 public:
  explicit PlainReader(std::string_view json) noexcept : at_(json.data()), end_(at_ + json.size()) {}

  template <std::size_t N>
  bool skip(const char (&text)[N]) noexcept {
    constexpr std::size_t kSize = N - 1;
    if (static_cast<std::size_t>(end_ - at_) < kSize || std::memcmp(at_, text, kSize) != 0) return false;
    at_ += kSize;
    return true;
  }
  /// Takes what stands before the next quote.
  bool take(std::string& out) {
    const void* const quote = std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_));
    if (quote == nullptr) return false;
    const auto* const stop = static_cast<const char*>(quote);
    out.assign(at_, static_cast<std::size_t>(stop - at_));
    at_ = stop;
    return true;
  }
  bool at_end() const noexcept { return at_ == end_; }

 private:
  const char* at_;
  const char* end_;
};

/// From after the opening brace to the help's opening quote.
bool read_labels(PlainReader& json, Labels& out) {
  std::size_t count = 0;
  bool more = !json.skip("}, \"");
  while (more) {
    if (count == out.size()) out.emplace_back();
    Label& label = out[count];
    if (!json.skip("\"") || !json.take(label.first) || !json.skip("\": \"") || !json.take(label.second)) return false;
    if (count > 0 && out[count - 1].first >= label.first) return false;  // not sorted, or a name stands twice
    ++count;
    more = json.skip("\", ");
    if (!more && !json.skip("\"}, \"")) return false;
  }
  out.resize(count);
  return true;
}

}  // namespace

bool read_plain_key(std::string_view text, MetricKey& out) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (!is_printable_without_backslash(text)) return false;
  PlainReader json(text);
  return json.skip("[\"") && json.take(out.metric_name) && json.skip("\", \"") && json.take(out.sample_name) &&
         json.skip("\", {") && read_labels(json, out.labels) && json.take(out.help) && json.skip("\"]") &&
         json.at_end();
}

}  // namespace weir
