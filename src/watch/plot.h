// Pictures of metrics in plain text: columns over time, a bar a bucket.
//
//   for (const std::string& line : plot_over_time({1, 4, 9, 16}, {.width = 60, .height = 8})) ...
//
// Block elements where the locale is UTF-8, `#` elsewhere; no terminal control. Thread safety: pure functions but for
// the locale.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "watch/quantile.h"

namespace weir {

struct PlotSize {
  std::size_t width = 72;  ///< columns, scale included; at least 16 are used
  std::size_t height = 8;  ///< rows of a plot over time
};

/// A column a value, the newest on the right, those that do not fit left out; the scale (its top and foot) on the left.
/// The foot is 0 unless values are negative. Values that are no finite number leave their column empty.
std::vector<std::string> plot_over_time(std::span<const float> values, const PlotSize& size);

/// A line a bucket: its bound, how many observations fell into it alone, a bar. `buckets` are cumulative, sorted.
std::vector<std::string> plot_buckets(std::span<const BucketCount> buckets, const PlotSize& size);

/// `p50 0.25  p90 0.9  p99 2.4`; of nothing `p50 -  p90 -  p99 -`.
std::string quantile_line(std::span<const BucketCount> buckets);

}  // namespace weir
