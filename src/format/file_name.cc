#include "format/file_name.h"

#include "model/names.h"

namespace weir {
namespace {

constexpr std::string_view kSuffix = ".db";

/// Takes the text up to the first `_` off `rest`; nothing when there is none.
std::optional<std::string_view> take_word(std::string_view& rest) noexcept {
  const std::size_t underscore = rest.find('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  const std::string_view word = rest.substr(0, underscore);
  rest.remove_prefix(underscore + 1);
  return word;
}

bool has_files(MetricType type) noexcept {
  return type == MetricType::counter || type == MetricType::gauge || type == MetricType::histogram ||
         type == MetricType::summary;
}

/// Takes `counter_` or `gauge_livesum_` off `rest`.
std::optional<FileKind> take_kind(std::string_view& rest) noexcept {
  const auto type_word = take_word(rest);
  const auto type = type_word ? metric_type_from(*type_word) : std::nullopt;
  if (!type || !has_files(*type)) return std::nullopt;
  if (*type != MetricType::gauge) return FileKind{*type, GaugeMode::all};
  const auto mode_word = take_word(rest);
  const auto mode = mode_word ? gauge_mode_from(*mode_word) : std::nullopt;
  if (!mode) return std::nullopt;
  return FileKind{MetricType::gauge, *mode};
}

}  // namespace

std::string to_string(FileKind kind) {
  std::string text(to_string(kind.type));
  if (kind.type == MetricType::gauge) text.append("_").append(to_string(kind.mode));
  return text;
}

std::optional<FileKind> parse_file_kind(std::string_view text) noexcept {
  const bool is_gauge = text.starts_with("gauge_");
  const auto type = is_gauge ? MetricType::gauge : metric_type_from(text);
  if (!type || !has_files(*type)) return std::nullopt;
  if (!is_gauge) return *type == MetricType::gauge ? std::nullopt : std::optional(FileKind{*type, GaugeMode::all});
  const auto mode = gauge_mode_from(text.substr(std::string_view("gauge_").size()));
  if (!mode) return std::nullopt;
  return FileKind{MetricType::gauge, *mode};
}

bool identity_is_label(FileKind kind) noexcept {
  return kind.type == MetricType::gauge && (kind.mode == GaugeMode::all || is_live(kind.mode));
}

std::string to_string(const FileName& name) {
  return to_string(name.kind).append("_").append(name.identity).append(kSuffix);
}

std::optional<FileName> parse_file_name(std::string_view name) {
  if (!name.ends_with(kSuffix) || name.find('/') != std::string_view::npos) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  const auto kind = take_kind(name);
  // The identity may become a label value: one that is not UTF-8 would cost the whole scrape (I4).
  if (!kind || name.empty() || !is_valid_utf8(name)) return std::nullopt;
  return FileName{*kind, std::string(name)};
}

}  // namespace weir
