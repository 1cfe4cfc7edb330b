#include "http/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "format/number.h"
#include "model/names.h"

namespace weir {
namespace {

/// Bytes of the UTF-8 character that begins here; 0 when none does.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return length <= text.size() && is_valid_utf8(text.substr(0, length)) ? length : 0;
}

void append_ascii(std::string& out, char c) {
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 1) {
      append_ascii(out, text.front());
    } else if (length == 0) {
      out += "\\ufffd";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  char digits[kMaxNumberLength];
  const std::string_view number(digits, static_cast<std::size_t>(write_go_number(digits, value) - digits));
  if (std::isfinite(value)) {
    out += number;
  } else {
    out += '"';
    out += number;
    out += '"';
  }
}

void append_json_labels(std::string& out, const Labels& labels) {
  char before = '{';
  if (labels.empty()) out += '{';
  for (const auto& [name, value] : labels) {
    out += before;
    append_json_text(out, name);
    out += ':';
    append_json_text(out, value);
    before = ',';
  }
  out += '}';
}

}  // namespace weir
