#include "exposition/name_escaping.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "model/names.h"
#include "model/series_text.h"

namespace weir {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// Decodes the character at the front of `text` and removes it; a byte that starts none counts as U+FFFD, as in Go.
char32_t next_character(std::string_view& text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 1 || text.size() < length || !is_valid_utf8(text.substr(0, length))) {
    text.remove_prefix(1);
    return first < 0x80 ? first : kReplacement;
  }
  char32_t character = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    character = character << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(length);
  return character;
}

enum class Kind : std::uint8_t { metric, label };

bool is_classic(char32_t c, bool first, Kind kind) noexcept {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return true;
  return (c >= '0' && c <= '9' && !first) || (c == ':' && kind == Kind::metric);
}

void append_replacement(std::string& out, char32_t c, NameEscaping scheme) {
  if (scheme == NameEscaping::values) {
    fmt::format_to(std::back_inserter(out), "_{:x}_", static_cast<std::uint32_t>(c));
  } else if (scheme == NameEscaping::dots && c == '.') {
    out += "_dot_";
  } else {
    out += '_';
  }
}

std::string escape(std::string_view name, NameEscaping scheme, Kind kind) {
  std::string out = scheme == NameEscaping::values ? "U__" : "";
  for (bool first = true; !name.empty(); first = false) {
    const char32_t c = next_character(name);
    if (c == '_' && scheme != NameEscaping::underscores)
      out += "__";
    else if (is_classic(c, first, kind))
      out += static_cast<char>(c);
    else
      append_replacement(out, c, scheme);
  }
  return out;
}

/// What a sample name adds to its family's, where that is for escaping to leave alone; else empty.
std::string_view structural_suffix(std::string_view sample, std::string_view family, MetricType type) noexcept {
  if (type != MetricType::histogram && type != MetricType::summary) return {};
  if (!sample.starts_with(family)) return {};
  const std::string_view suffix = sample.substr(family.size());
  const bool known = suffix == "_bucket" || suffix == "_sum" || suffix == "_count" || suffix == "_created";
  return known ? suffix : std::string_view{};
}

}  // namespace

std::string escape_metric_name(std::string_view name, NameEscaping scheme) {
  if (scheme == NameEscaping::allow_utf8 || name.empty() || is_classic_metric_name(name)) return std::string(name);
  return escape(name, scheme, Kind::metric);
}

std::string escape_label_name(std::string_view name, NameEscaping scheme) {
  if (scheme == NameEscaping::allow_utf8 || name.empty() || is_classic_label_name(name)) return std::string(name);
  return escape(name, scheme, Kind::label);
}

void append_header_name(std::string& out, std::string_view name) {
  if (is_classic_metric_name(name)) {
    out += name;
    return;
  }
  out += '"';
  append_escaped(out, name);
  out += '"';
}

std::string escape_series(std::string_view series, std::string_view family, MetricType type, NameEscaping scheme) {
  // Quoted names stand after `{` or `,` only; a label value that looks so costs a parse, never a wrong answer.
  const bool plain = !series.starts_with('{') && series.find("{\"") == std::string_view::npos &&
                     series.find(",\"") == std::string_view::npos;
  if (plain) return std::string(series);

  const SeriesParts parts = parse_series_text(series);
  const std::string_view suffix = structural_suffix(parts.name, family, type);
  std::string name =
      escape_metric_name(std::string_view(parts.name).substr(0, parts.name.size() - suffix.size()), scheme);
  name += suffix;

  std::map<std::string, std::string> joined;
  for (const auto& [label, value] : parts.labels) {
    const auto [at, fresh] = joined.try_emplace(escape_label_name(label, scheme), value);
    if (!fresh) at->second.append(";").append(value);
  }
  std::string out;
  append_series_text(out, name, Labels(joined.begin(), joined.end()));
  return out;
}

}  // namespace weir
