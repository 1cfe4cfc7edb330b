#include "exposition/heading.h"

#include "exposition/name_escaping.h"
#include "model/names.h"
#include "model/series_text.h"

namespace weir {
namespace {

std::string_view required_suffix(MetricType type) noexcept {
  if (type == MetricType::counter) return "_total";
  if (type == MetricType::info) return "_info";
  return {};
}

/// The front of every series of that metric name, up to where labels may begin.
class SeriesFront {
 public:
  explicit SeriesFront(std::string_view name) : quoted_(!is_classic_metric_name(name)) {
    if (quoted_) front_ += '{';
    append_header_name(front_, name);
  }
  bool begins(std::string_view series) const noexcept {
    if (!series.starts_with(front_)) return false;
    return quoted_ || series.size() == front_.size() || series[front_.size()] == '{';
  }

 private:
  bool quoted_;
  std::string front_;
};

bool all_named(const SeriesTable& table, const SeriesTable::Family& family, std::string_view name) {
  const SeriesFront front(name);
  for (std::size_t i = family.first; i < family.first + family.count; ++i) {
    if (!front.begins(table.series(i))) return false;
  }
  return true;
}

/// The sample name with its suffix, when all samples have it; else empty. A family may also carry the suffix in its
/// own name, as writers that know no OpenMetrics leave it.
std::string suffixed_name(const SeriesTable& table, const SeriesTable::Family& family, std::string_view suffix) {
  const std::string& name = family.head.name;
  const bool carries = name.ends_with(suffix) && name.size() > suffix.size();
  if (carries && all_named(table, family, name)) return name;
  std::string full = name;
  full += suffix;
  return all_named(table, family, full) ? full : std::string{};
}

}  // namespace

Heading heading_of(const SeriesTable& table, const SeriesTable::Family& family, const Format& format) {
  const FamilyHead& head = family.head;
  const bool openmetrics = is_openmetrics(format.text);
  const std::string_view suffix = required_suffix(head.type);
  if (suffix.empty()) return {escape_metric_name(head.name, format.escaping), head.type, &head};

  // Escaped with its suffix and stripped after, as Go does: the header must be the escaped samples' own front.
  std::string name = escape_metric_name(suffixed_name(table, family, suffix), format.escaping);
  if (name.empty()) {
    const MetricType type = openmetrics ? MetricType::unknown : head.type;
    return {escape_metric_name(head.name, format.escaping), type, &head};
  }
  if (openmetrics) name.erase(name.size() - suffix.size());
  return {std::move(name), head.type, &head};
}

std::string_view type_word(MetricType type, bool openmetrics) noexcept {
  if (!openmetrics && type == MetricType::unknown) return "untyped";
  if (!openmetrics && (type == MetricType::info || type == MetricType::stateset)) return "gauge";
  return to_string(type);
}

}  // namespace weir
