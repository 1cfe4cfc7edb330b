// Quantiles of a histogram, as Prometheus' histogram_quantile estimates them.
//
//   double p99 = histogram_quantile({{0.1, 90}, {1, 99}, {kInfinity, 100}}, 0.99);      // 1
//
// Thread safety: pure function.
#pragma once

#include <span>

namespace weir {

struct BucketCount {
  double bound = 0;  ///< `le`, the bucket's upper bound
  double count = 0;  ///< observations up to and including it (cumulative)
};

/// `buckets` sorted by bound. Within a bucket observations are taken to be spread evenly; the first begins at 0 where
/// its bound is above. A quantile in the `+Inf` bucket is the highest finite bound. NaN: nothing observed, no `+Inf`
/// bucket, or no finite bound. Source:
/// https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
double histogram_quantile(std::span<const BucketCount> buckets, double quantile);

}  // namespace weir
