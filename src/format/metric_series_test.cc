#include "format/metric_series.h"

#include <gmock/gmock.h>

#include <limits>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

std::vector<MetricSeries> metrics_of(const MetricFamily& family) {
  const Snapshot snapshot = snapshot_of({family});
  std::vector<MetricSeries> out;
  visit_metrics(*snapshot.table, snapshot.table->families()[0], [&](MetricSeries metric) { out.push_back(metric); });
  return out;
}

TEST(MetricSeries, PartsOfALabelSetAreOneMetricWhereverTheyStand) {
  const auto metrics = metrics_of({{"h", MetricType::histogram, "", ""},
                                   {{"h_bucket", {{"le", "+Inf"}, {"p", "a"}}, 3, {}},
                                    {"h_count", {{"p", "b"}}, 9, {}},
                                    {"h_bucket", {{"le", "0.5"}, {"p", "a"}}, 2, {}},
                                    {"h_sum", {{"p", "a"}}, 7, {}}}});
  ASSERT_THAT(metrics, SizeIs(2));
  EXPECT_TRUE(metrics[0].is_distribution);
  EXPECT_EQ(metrics[0].name, "h");
  EXPECT_THAT(metrics[0].labels, ElementsAre(Pair("p", "a")));
  EXPECT_THAT(metrics[0].bounds, ElementsAre(Pair(0.5, 2), Pair(kInfinite, 0)));
  EXPECT_EQ(metrics[0].value, MetricSeries::kAbsent) << "it has no count";
  EXPECT_EQ(metrics[0].sum, 3U);
  EXPECT_EQ(metrics[1].value, 1U);
  EXPECT_THAT(metrics[1].bounds, IsEmpty());
}

TEST(MetricSeries, QuantilesOfASummaryAreItsBounds) {
  const auto metrics =
      metrics_of({{"s", MetricType::summary, "", ""},
                  {{"s", {{"quantile", "0.9"}}, 4, {}}, {"s_count", {}, 2, {}}, {"s_sum", {}, 5, {}}}});
  ASSERT_THAT(metrics, SizeIs(1));
  EXPECT_THAT(metrics[0].bounds, ElementsAre(Pair(0.9, 0)));
}

TEST(MetricSeries, WhatIsNoPartIsAMetricByItself) {
  const auto metrics =
      metrics_of({{"h", MetricType::histogram, "", ""},
                  {{"h_bucket", {{"le", "much"}}, 1, {}}, {"h_created", {}, 2, {}}, {"h_count", {}, 3, {}}}});
  ASSERT_THAT(metrics, SizeIs(3));
  EXPECT_FALSE(metrics[0].is_distribution);
  EXPECT_EQ(metrics[0].name, "h_bucket");
  EXPECT_THAT(metrics[0].labels, ElementsAre(Pair("le", "much")));
  EXPECT_EQ(metrics[1].name, "h_created");
  EXPECT_TRUE(metrics[2].is_distribution);
}

TEST(MetricSeries, BoundThatIsNaNIsNoBound) {
  const auto metrics = metrics_of(
      {{"h", MetricType::histogram, "", ""},
       {{"h_bucket", {{"le", "5"}}, 2, {}}, {"h_bucket", {{"le", "NaN"}}, 1, {}}, {"h_bucket", {{"le", "1"}}, 1, {}}}});
  ASSERT_THAT(metrics, SizeIs(2));
  EXPECT_THAT(metrics[0].bounds, ElementsAre(Pair(1, 2), Pair(5, 0)));
  EXPECT_FALSE(metrics[1].is_distribution);
  EXPECT_THAT(metrics[1].labels, ElementsAre(Pair("le", "NaN")));
}

TEST(MetricSeries, EverySeriesOfACounterIsAMetric) {
  const auto metrics = metrics_of(
      {{"c", MetricType::counter, "", ""}, {{"c_total", {{"le", "1"}}, 1, {}}, {"c_created", {{"le", "1"}}, 2, {}}}});
  ASSERT_THAT(metrics, SizeIs(2));
  EXPECT_EQ(metrics[0].name, "c_total");
  EXPECT_THAT(metrics[0].labels, ElementsAre(Pair("le", "1")));
  EXPECT_EQ(metrics[1].value, 1U);
}

}  // namespace
}  // namespace weir
