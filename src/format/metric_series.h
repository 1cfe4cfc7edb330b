// Which metrics the series of a family make: the buckets, count and sum of one label set of a histogram are one metric.
//
//   visit_metrics(table, table.families()[0], [&](MetricSeries metric) { values[metric.value] ... });
//
// Of a family of single values one metric is held at a time: a table may have 128,000 of them.
//
// Thread safety: pure function. Invariants: I4 (a series that fits nowhere is a metric by itself), I5.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weir/snapshot.h"

namespace weir {

struct MetricSeries {
  static constexpr std::size_t kAbsent = std::numeric_limits<std::size_t>::max();

  std::string name;              ///< of a histogram or summary its family's, else the sample's
  Labels labels;                 ///< without `le` and `quantile`, where these made a bound
  bool is_distribution = false;  ///< the parts of a histogram or summary
  std::size_t value = kAbsent;   ///< index of the series in the table; of a distribution that of its count
  std::size_t sum = kAbsent;     ///< of a distribution
  std::vector<std::pair<double, std::size_t>> bounds;  ///< of buckets or quantiles, ascending, and their series
};

/// In the order in which the first series of each stand.
void visit_metrics(const SeriesTable& table, const SeriesTable::Family& family,
                   const std::function<void(MetricSeries metric)>& visit);

}  // namespace weir
