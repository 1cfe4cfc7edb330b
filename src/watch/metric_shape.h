// The metrics of a collection, as a person names them.
//
//   for (const MetricShape& metric : metric_shapes(*collection->snapshot.table)) values[metric.value] ...
//
// Thread safety: pure function.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "format/metric_series.h"
#include "weir/snapshot.h"

namespace weir {

/// `value` is the series that stands for the metric: of a histogram without a count that of its +Inf bucket.
struct MetricShape : MetricSeries {
  std::string text;        ///< for people, unique in a collection: `http_requests_total{method="GET"}`
  std::size_t family = 0;  ///< index into the table's families
};

/// In the order their first series stand.
std::vector<MetricShape> metric_shapes(const SeriesTable& table);

}  // namespace weir
