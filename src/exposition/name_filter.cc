#include "exposition/name_filter.h"

#include <algorithm>

#include "exposition/name_escaping.h"
#include "model/series_text.h"

namespace weir {

NameFilter::NameFilter(std::span<const std::string> names, NameEscaping scheme) : scheme_(scheme) {
  for (const std::string& name : names) {
    names_.push_back(name);
    append_escaped(names_.emplace_back(), name);
  }
  std::ranges::sort(names_);
}

bool NameFilter::wants(std::string_view name) const {
  return std::ranges::binary_search(names_, name, {}, [](const std::string& known) { return std::string_view(known); });
}

bool NameFilter::wants_series(std::string_view series, const FamilyHead& head) const {
  if (wants(series_name(series))) return true;
  if (scheme_ == NameEscaping::allow_utf8 || !series.starts_with('{')) return false;
  return wants(series_name(escape_series(series, head.name, head.type, scheme_)));
}

bool NameFilter::selects(const SeriesTable& table, const SeriesTable::Family& family) const {
  if (names_.empty() || wants(family.head.name) || wants(escape_metric_name(family.head.name, scheme_))) return true;
  std::string_view previous;
  for (std::size_t i = family.first; i < family.first + family.count; ++i) {
    const std::string_view series = table.series(i);
    const std::string_view name = series_name(series);
    if (name == previous) continue;
    previous = name;
    if (wants_series(series, family.head)) return true;
  }
  return false;
}

}  // namespace weir
