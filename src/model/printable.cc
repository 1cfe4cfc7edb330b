#include "model/printable.h"

#include "model/names.h"

namespace weir {
namespace {

constexpr std::size_t kMaxShown = 120;

/// The character that begins here, of valid UTF-8, and its bytes.
struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};
Character character_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  Character out{lead};
  if (lead < 0x80) return out;
  out.bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  out.code &= 0x7FU >> out.bytes;
  for (std::size_t i = 1; i < out.bytes; ++i) out.code = out.code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return out;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

/// `escaped`: characters that get a backslash.
void append_shown(std::string& out, std::string_view text, std::string_view escaped) {
  const bool utf8 = is_valid_utf8(text);
  while (!text.empty()) {
    const Character next = utf8 ? character_at(text) : Character{static_cast<unsigned char>(text.front())};
    const std::string_view bytes = text.substr(0, next.bytes);
    if (is_steering(next.code) || (!utf8 && next.code >= 0x80)) {
      append_hex(out, bytes);
    } else {
      if (next.bytes == 1 && escaped.find(bytes) != std::string_view::npos) out += '\\';
      out += bytes;
    }
    text.remove_prefix(next.bytes);
  }
}

}  // namespace

bool is_steering(char32_t c) noexcept {
  const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool breaks_lines = c == 0x2028 || c == 0x2029;
  return is_control || breaks_lines || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

std::string in_one_line(std::string_view text) {
  std::string out;
  append_shown(out, text, "");
  return out;
}

std::string printable(std::string_view text) {
  std::string_view shown = text.substr(0, kMaxShown);
  // A cut inside a character would make the rest look broken: step back to where one starts.
  while (shown.size() < text.size() && !shown.empty() &&
         (static_cast<unsigned char>(text[shown.size()]) & 0xC0) == 0x80) {
    shown.remove_suffix(1);
  }
  std::string out = "\"";
  append_shown(out, shown, "\"\\");
  out += shown.size() < text.size() ? "…\"" : "\"";
  return out;
}

}  // namespace weir
