// Upper bounds for histogram buckets.
//
// Bounds ascend; `+Inf` is added where it is missing. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <vector>

namespace weir {

/// 0.005 … 10 seconds, and +Inf: the client libraries' common default (14 finite bounds, as Python's).
std::vector<double> default_buckets();
/// `count` bounds: start, start + width, … Throws ValueError when width is not positive or count is 0.
std::vector<double> linear_buckets(double start, double width, std::size_t count);
/// `count` bounds: start, start * factor, … Throws ValueError when start is not positive, factor not above 1, or count
/// is 0.
std::vector<double> exponential_buckets(double start, double factor, std::size_t count);

}  // namespace weir
