#include "watch/quantile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace weir {
namespace {

constexpr double kNoBound = std::numeric_limits<double>::infinity();

TEST(HistogramQuantile, IsInterpolatedWithinItsBucket) {
  const std::vector<BucketCount> buckets{{0.1, 50}, {0.5, 90}, {kNoBound, 100}};
  EXPECT_DOUBLE_EQ(histogram_quantile(buckets, 0.5), 0.1);
  EXPECT_DOUBLE_EQ(histogram_quantile(buckets, 0.7), 0.1 + 0.4 * 20 / 40);
  EXPECT_DOUBLE_EQ(histogram_quantile(buckets, 0.25), 0.05);
}

TEST(HistogramQuantile, BeyondTheLastFiniteBoundIsThatBound) {
  const std::vector<BucketCount> buckets{{0.1, 50}, {0.5, 90}, {kNoBound, 100}};
  EXPECT_DOUBLE_EQ(histogram_quantile(buckets, 0.99), 0.5);
}

TEST(HistogramQuantile, FirstBucketBelowZeroIsItsBound) {
  const std::vector<BucketCount> buckets{{-1, 5}, {1, 9}, {kNoBound, 9}};
  EXPECT_DOUBLE_EQ(histogram_quantile(buckets, 0.1), -1);
}

TEST(HistogramQuantile, OfNothingIsNaN) {
  EXPECT_TRUE(std::isnan(histogram_quantile({}, 0.5)));
  EXPECT_TRUE(std::isnan(histogram_quantile(std::vector<BucketCount>{{1, 0}, {kNoBound, 0}}, 0.5)));
  EXPECT_TRUE(std::isnan(histogram_quantile(std::vector<BucketCount>{{kNoBound, 3}}, 0.5)));
  EXPECT_TRUE(std::isnan(histogram_quantile(std::vector<BucketCount>{{1, 3}, {2, 3}}, 0.5)));
}

}  // namespace
}  // namespace weir
