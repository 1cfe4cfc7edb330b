#include "exposition/exemplar_text.h"

#include <algorithm>
#include <array>

#include "exposition/name_escaping.h"
#include "exposition/timestamp_text.h"
#include "format/number.h"
#include "model/names.h"
#include "model/series_text.h"

namespace weir {
namespace {

constexpr std::size_t kMaxCharacters = 128;

std::size_t characters(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool too_long(const Labels& labels) noexcept {
  std::size_t total = 0;
  for (const auto& [name, value] : labels) total += characters(name) + characters(value);
  return total > kMaxCharacters;
}

void append_label_name(std::string& out, std::string_view name) {
  const bool quoted = !is_classic_label_name(name);
  if (quoted) out += '"';
  append_escaped(out, name);
  if (quoted) out += '"';
}

void append_labels(std::string& out, Labels labels, NameEscaping scheme) {
  for (auto& [name, value] : labels) name = escape_label_name(name, scheme);
  std::ranges::stable_sort(labels, {}, &Label::first);
  const auto repeated = std::ranges::unique(labels, {}, &Label::first);
  labels.erase(repeated.begin(), repeated.end());
  out += '{';
  for (const auto& [name, value] : labels) {
    if (out.back() != '{') out += ',';
    append_label_name(out, name);
    out += "=\"";
    append_escaped(out, value);
    out += '"';
  }
  out += '}';
}

}  // namespace

std::string exemplar_text(const Exemplar& exemplar, NameEscaping scheme) {
  if (too_long(exemplar.labels)) return {};
  std::string out = " # ";
  append_labels(out, exemplar.labels, scheme);
  std::array<char, kMaxNumberLength> number;
  out.append(" ").append(number.data(), write_openmetrics_number(number.data(), exemplar.value));
  if (exemplar.timestamp != 0) append_seconds(out, exemplar.timestamp);
  return out;
}

}  // namespace weir
