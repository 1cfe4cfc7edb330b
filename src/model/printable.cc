#include "model/printable.h"

#include "model/names.h"

namespace weir {
namespace {

constexpr std::size_t kMaxShown = 120;

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string_view shown = text.substr(0, kMaxShown);
  // A cut inside a character would make the rest look broken: step back to where one starts.
  while (shown.size() < text.size() && !shown.empty() &&
         (static_cast<unsigned char>(text[shown.size()]) & 0xC0) == 0x80) {
    shown.remove_suffix(1);
  }
  const bool utf8 = is_valid_utf8(shown);
  std::string out = "\"";
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += shown.size() < text.size() ? "…\"" : "\"";
  return out;
}

}  // namespace weir
