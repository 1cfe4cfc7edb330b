// The name and type a family's `# TYPE` line carries: what the samples really there allow it to say.
//
//   Heading heading = heading_of(table, family, format);   // counter `x` with samples `x_total`: text says `x_total`
//
// Text 0.0.4 names a counter as its samples are named; OpenMetrics names it without `_total`, and calls it unknown
// when a sample lacks that suffix, for such a counter would make the whole exposition invalid. Infos likewise with
// `_info`. A family without samples is named as if they carried the suffix.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "weir/exposition.h"

namespace weir {

struct Heading {
  std::string name;  ///< escaped by the format's scheme, not yet quoted
  MetricType type = MetricType::unknown;
  const FamilyHead* head = nullptr;  ///< help and unit; outlives the heading
};

Heading heading_of(const SeriesTable& table, const SeriesTable::Family& family, const Format& format);

/// The type's word: text 0.0.4 knows `untyped` for unknown, and neither info nor stateset.
std::string_view type_word(MetricType type, bool openmetrics) noexcept;

}  // namespace weir
