#include "format/json_key.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weir {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;
constexpr std::string_view kHex = "0123456789abcdef";

/// What Python's json module writes as itself under ensure_ascii.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = ' '; c <= '~'; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

void append_unit(std::string& out, std::uint32_t unit) {
  const std::array<char, 6> escape{'\\',           'u', kHex[unit >> 12], kHex[unit >> 8 & 15], kHex[unit >> 4 & 15],
                                   kHex[unit & 15]};
  out.append(escape.data(), escape.size());
}

void append_code_point(std::string& out, std::uint32_t c) {
  if (c < 0x10000) return append_unit(out, c);
  append_unit(out, 0xD800 + ((c - 0x10000) >> 10));
  append_unit(out, 0xDC00 + (c & 0x3FF));
}

/// Takes one character beyond ASCII off `text` at `at`; a byte that starts none counts as U+FFFD.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const std::uint32_t lead = byte(at);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  std::uint32_t c = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return ++at, kReplacement;
    c = c << 6 | (byte(at + i) & 0x3F);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool good = lead >= 0xC0 && lead < 0xF8 && c >= kLeast[length] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
  if (!good) return ++at, kReplacement;
  at += length;
  return c;
}

/// Appends the character at `at`, which cannot stand as itself, and moves `at` behind it.
void append_escape(std::string& out, std::string_view text, std::size_t& at) {
  const char c = text[at];
  if (static_cast<unsigned char>(c) >= 0x80) return append_code_point(out, next_code_point(text, at));
  ++at;
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\b':
      out += "\\b";
      return;
    default:
      append_unit(out, static_cast<unsigned char>(c));
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
    out.append(text, begin, at - begin);
    if (at < text.size()) append_escape(out, text, at);
  }
  out += '"';
}

/// Python sorts by code point, which for UTF-8 is the order of bytes.
void append_labels(std::string& out, const Labels& labels) {
  if (!std::ranges::is_sorted(labels, {}, &Label::first)) {
    Labels sorted = labels;
    std::ranges::sort(sorted, {}, &Label::first);
    return append_labels(out, sorted);
  }
  out += '{';
  for (const Label& label : labels) {
    if (&label != &labels.front()) out += ", ";
    append_string(out, label.first);
    out += ": ";
    append_string(out, label.second);
  }
  out += '}';
}

}  // namespace

std::string json_key(std::string_view metric_name, std::string_view sample_name, const Labels& labels,
                     std::string_view help) {
  std::size_t size = metric_name.size() + sample_name.size() + help.size() + 16;
  for (const Label& label : labels) size += label.first.size() + label.second.size() + 8;
  std::string out;
  out.reserve(size);
  out += '[';
  append_string(out, metric_name);
  out += ", ";
  append_string(out, sample_name);
  out += ", ";
  append_labels(out, labels);
  out += ", ";
  append_string(out, help);
  out += ']';
  return out;
}

}  // namespace weir
