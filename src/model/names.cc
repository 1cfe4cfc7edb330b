#include "model/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_continuation(unsigned char byte) noexcept { return (byte & 0xC0) == 0x80; }

/// Length of the well-formed sequence at `p` (lead byte >= 0x80), 0 when it is none: overlong, surrogate, beyond
/// U+10FFFF or cut short. Unicode 15, table 3-7.
std::size_t multibyte_length(const unsigned char* p, const unsigned char* end) noexcept {
  const auto left = static_cast<std::size_t>(end - p);
  const unsigned char lead = p[0];
  if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && is_continuation(p[1]) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return left >= 3 && p[1] >= low && p[1] <= high && is_continuation(p[2]) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return left >= 4 && p[1] >= low && p[1] <= high && is_continuation(p[2]) && is_continuation(p[3]) ? 4 : 0;
  }
  return 0;
}

void check_utf8_name(std::string_view what, std::string_view name) {
  if (name.empty()) throw ValueError(fmt::format("{} is empty; give at least one character", what));
  if (!is_valid_utf8(name)) throw ValueError(fmt::format("{} {} is not valid UTF-8", what, printable(name)));
}

/// The label name a type keeps for itself; empty when none.
std::string_view reserved_label(MetricType type) noexcept {
  if (type == MetricType::histogram) return "le";
  if (type == MetricType::summary) return "quantile";
  return {};
}

}  // namespace

bool is_classic_metric_name(std::string_view name) noexcept {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

bool is_classic_label_name(std::string_view name) noexcept {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_valid_utf8(std::string_view text) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p != end) {
    std::uint64_t eight = 0;
    if (end - p >= 8 && (std::memcpy(&eight, p, 8), (eight & 0x8080808080808080u) == 0)) {
      p += 8;
    } else if (*p < 0x80) {
      ++p;
    } else {
      const std::size_t length = multibyte_length(p, end);
      if (length == 0) return false;
      p += length;
    }
  }
  return true;
}

void check_metric_name(std::string_view name, NameRules rules) {
  if (rules == NameRules::utf8) return check_utf8_name("metric name", name);
  if (!is_classic_metric_name(name)) {
    throw ValueError(fmt::format("metric name {} does not match [a-zA-Z_:][a-zA-Z0-9_:]*", printable(name)));
  }
}

void check_label_names(std::span<const std::string> names, MetricType type, NameRules rules) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    if (rules == NameRules::utf8) {
      check_utf8_name("label name", name);
    } else if (!is_classic_label_name(name)) {
      throw ValueError(fmt::format("label name {} does not match [a-zA-Z_][a-zA-Z0-9_]*", printable(name)));
    }
    if (name.starts_with("__")) {
      throw ValueError(
          fmt::format("label name {} starts with \"__\", which is reserved for Prometheus itself", printable(name)));
    }
    if (name == reserved_label(type)) {
      throw ValueError(
          fmt::format("label name \"{}\" is reserved: a {} writes it itself; choose another", name, to_string(type)));
    }
    const auto before = names.first(i);
    if (std::find(before.begin(), before.end(), name) != before.end()) {
      throw ValueError(fmt::format("label name {} is given twice; label names must be unique", printable(name)));
    }
  }
}

void check_label_value(std::string_view label, std::string_view value) {
  if (is_valid_utf8(value)) return;
  throw ValueError(fmt::format("value {} of label {} is not valid UTF-8", printable(value), printable(label)));
}

std::string full_name(std::string_view ns, std::string_view subsystem, std::string_view name, std::string_view unit) {
  std::string full;
  for (const std::string_view part : {ns, subsystem, name}) {
    if (part.empty()) continue;
    if (!full.empty()) full += '_';
    full += part;
  }
  if (unit.empty()) return full;
  const std::string suffix = '_' + std::string(unit);
  if (!full.ends_with(suffix)) full += suffix;
  return full;
}

}  // namespace weir
