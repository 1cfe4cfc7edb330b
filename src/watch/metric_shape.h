// Which metrics a collection has: the buckets, count and sum of one label set of a histogram are one metric.
//
//   for (const MetricShape& metric : metric_shapes(*collection->snapshot.table)) values[metric.value] ...
//
// Thread safety: pure function.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weir/snapshot.h"

namespace weir {

struct MetricShape {
  static constexpr std::size_t kAbsent = std::numeric_limits<std::size_t>::max();

  std::string text;        ///< for people, unique in a collection: `http_requests_total{method="GET"}`
  Labels labels;           ///< without `le` and `quantile`
  std::size_t family = 0;  ///< index into the table's families
  /// The series that stands for it: the count of a histogram or summary, else the value.
  std::size_t value = kAbsent;
  std::size_t sum = kAbsent;                           ///< of a histogram or summary
  std::vector<std::pair<double, std::size_t>> bounds;  ///< of buckets or quantiles, ascending, and their series
};

/// In the order their first series stand.
std::vector<MetricShape> metric_shapes(const SeriesTable& table);

}  // namespace weir
