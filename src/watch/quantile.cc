#include "watch/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir {

double histogram_quantile(std::span<const BucketCount> buckets, double quantile) {
  constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
  if (buckets.size() < 2 || !std::isinf(buckets.back().bound) || !(buckets.back().count > 0)) return kNothing;
  const double rank = quantile * buckets.back().count;
  const auto at = std::ranges::find_if(buckets, [rank](const BucketCount& bucket) { return bucket.count >= rank; });
  const auto index = static_cast<std::size_t>(at - buckets.begin());
  if (index + 1 >= buckets.size()) return buckets[buckets.size() - 2].bound;
  if (index == 0 && buckets[0].bound <= 0) return buckets[0].bound;
  const double from = index == 0 ? 0 : buckets[index - 1].bound;
  const double below = index == 0 ? 0 : buckets[index - 1].count;
  const double inside = buckets[index].count - below;
  if (!(inside > 0)) return buckets[index].bound;
  return from + (buckets[index].bound - from) * (rank - below) / inside;
}

}  // namespace weir
