#include "watch/watch.h"

#include <gmock/gmock.h>

#include <cmath>

#include "watch/exposition_text.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class WatchTest : public testing::Test {
 protected:
  void read(std::string_view body, double at) { watch_.add(parse_exposition(body, "test"), at); }
  const WatchedMetric& metric(const std::string& text) {
    const WatchedMetric* found = watch_.find(text);
    if (found == nullptr) throw std::runtime_error("no metric " + text);
    return *found;
  }
  Watch watch_;
};

TEST_F(WatchTest, RateIsGrowthPerSecondBetweenTheLastTwoReadings) {
  read("# TYPE a counter\na_total 10\n", 100);
  EXPECT_TRUE(std::isnan(metric("a_total").rate));
  read("# TYPE a counter\na_total 15\n", 102);
  EXPECT_DOUBLE_EQ(metric("a_total").rate, 2.5);
  read("# TYPE a counter\na_total 15\n", 103);
  EXPECT_DOUBLE_EQ(metric("a_total").rate, 0);
  EXPECT_DOUBLE_EQ(metric("a_total").change, 5);
  EXPECT_THAT(metric("a_total").past, ElementsAre(2.5f, 0.0f));
}

TEST_F(WatchTest, CounterThatFellBeganAnewAtZero) {
  read("# TYPE a counter\na_total 10\n", 0);
  read("# TYPE a counter\na_total 3\n", 1);
  EXPECT_DOUBLE_EQ(metric("a_total").change, 3);
  EXPECT_DOUBLE_EQ(metric("a_total").rate, 3);
}

TEST_F(WatchTest, GaugeThatFellFell) {
  read("# TYPE a gauge\na 10\n", 0);
  read("# TYPE a gauge\na 4\n", 2);
  EXPECT_DOUBLE_EQ(metric("a").change, -6);
  EXPECT_DOUBLE_EQ(metric("a").rate, -3);
  EXPECT_THAT(metric("a").past, ElementsAre(10.0f, 4.0f));
}

TEST_F(WatchTest, CounterThatAppearsGrewFromZeroAndAGaugeDidNot) {
  read("# TYPE a counter\na_total{x=\"1\"} 10\n", 0);
  read("# TYPE a counter\na_total{x=\"1\"} 10\na_total{x=\"2\"} 7\n# TYPE g gauge\ng 5\n", 1);
  EXPECT_DOUBLE_EQ(metric("a_total{x=\"2\"}").change, 7);
  EXPECT_DOUBLE_EQ(metric("g").change, 0);
  EXPECT_TRUE(std::isnan(metric("g").rate));
}

TEST_F(WatchTest, MetricThatWasAwayGoesOnFromWhereItWas) {
  read("# TYPE a counter\na_total 10\n# TYPE b counter\nb_total 1\n", 0);
  read("# TYPE b counter\nb_total 1\n", 1);
  EXPECT_EQ(watch_.find("a_total"), nullptr);
  read("# TYPE a counter\na_total 12\n# TYPE b counter\nb_total 1\n", 2);
  EXPECT_DOUBLE_EQ(metric("a_total").change, 2);
}

TEST_F(WatchTest, ReadingOfNothingButProblemsChangesNoNumber) {
  read("# TYPE a counter\na_total 10\n", 0);
  read("damaged\n", 1);
  EXPECT_TRUE(watch_.is_stale());
  EXPECT_THAT(watch_.problems(), SizeIs(1));
  EXPECT_DOUBLE_EQ(metric("a_total").value, 10);
  read("# TYPE a counter\na_total 14\n", 2);
  EXPECT_FALSE(watch_.is_stale());
  EXPECT_DOUBLE_EQ(metric("a_total").rate, 2);
}

TEST_F(WatchTest, HistogramIsOneMetricWhoseBucketsAreKnownSinceTheStart) {
  const char* before =
      "# TYPE t histogram\nt_bucket{m=\"G\",le=\"1\"} 2\nt_bucket{m=\"G\",le=\"+Inf\"} 3\nt_count{m=\"G\"} "
      "3\nt_sum{m=\"G\"} 4\n";
  const char* after =
      "# TYPE t histogram\nt_bucket{m=\"G\",le=\"1\"} 7\nt_bucket{m=\"G\",le=\"+Inf\"} 9\nt_count{m=\"G\"} "
      "9\nt_sum{m=\"G\"} 8\n";
  read(before, 0);
  read(after, 3);
  ASSERT_THAT(watch_.metrics(), SizeIs(1));
  const WatchedMetric& histogram = metric("t{m=\"G\"}");
  EXPECT_DOUBLE_EQ(histogram.value, 9);
  EXPECT_DOUBLE_EQ(histogram.sum, 8);
  EXPECT_DOUBLE_EQ(histogram.rate, 2);
  EXPECT_DOUBLE_EQ(histogram.all(watch_.values())[0].count, 7);
  EXPECT_DOUBLE_EQ(histogram.since_start(watch_.values())[0].count, 5);
  EXPECT_DOUBLE_EQ(histogram.since_start(watch_.values())[1].count, 6);
}

TEST_F(WatchTest, StartingAnewCountsChangesFromNow) {
  read("# TYPE a counter\na_total 10\n", 0);
  read("# TYPE a counter\na_total 15\n", 1);
  watch_.start_anew();
  read("# TYPE a counter\na_total 16\n", 2);
  EXPECT_DOUBLE_EQ(metric("a_total").change, 1);
}

TEST_F(WatchTest, PastIsBounded) {
  for (std::size_t i = 0; i < Watch::kPast + 10; ++i) read("g " + std::to_string(i) + "\n", static_cast<double>(i));
  EXPECT_THAT(metric("g").past, SizeIs(Watch::kPast));
  EXPECT_FLOAT_EQ(metric("g").past.back(), Watch::kPast + 9);
}

TEST_F(WatchTest, SummaryShowsItsCount) {
  read("# TYPE s summary\ns{quantile=\"0.5\"} 0.1\ns_sum 5\ns_count 50\n", 0);
  ASSERT_THAT(watch_.metrics(), SizeIs(1));
  EXPECT_DOUBLE_EQ(metric("s").value, 50);
  EXPECT_DOUBLE_EQ(metric("s").all(watch_.values())[0].count, 0.1);
}

}  // namespace
}  // namespace weir
