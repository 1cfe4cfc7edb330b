#include "watch/plot.h"

#include <gmock/gmock.h>

#include <clocale>
#include <limits>

namespace weir {
namespace {

using testing::ElementsAre;

class Plot : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
  void TearDown() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(Plot, ColumnsReachAsHighAsTheirValues) {
  EXPECT_THAT(plot_over_time(std::vector<float>{0, 1, 2, 4}, {.width = 20, .height = 2}),
              ElementsAre("         4    █", "         0  ▄██"));
}

TEST_F(Plot, LittleIsSeenAndNothingIsEmpty) {
  EXPECT_THAT(plot_over_time(std::vector<float>{0, 1, 1000}, {.width = 20, .height = 1}),
              ElementsAre("      1000  ▁█"));
}

TEST_F(Plot, TheNewestValuesAreOnTheRightAndTheOldestLeftOut) {
  EXPECT_THAT(plot_over_time(std::vector<float>{9, 9, 1, 1, 1, 1, 2}, {.width = 16, .height = 1}),
              ElementsAre("         2 ▄▄▄▄█"));
}

TEST_F(Plot, NegativeValuesLowerTheFoot) {
  EXPECT_THAT(plot_over_time(std::vector<float>{-2, 2}, {.width = 20, .height = 1}), ElementsAre("         2 ▁█"));
  EXPECT_EQ(plot_over_time(std::vector<float>{-2, 2}, {.width = 20, .height = 2})[1], "        -2 ▁█");
}

TEST_F(Plot, WhatIsNoNumberLeavesItsColumnEmpty) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(plot_over_time(std::vector<float>{nan, 1}, {.width = 20, .height = 1}), ElementsAre("         1  █"));
}

TEST_F(Plot, BucketsShowWhatFellIntoThemAlone) {
  const std::vector<BucketCount> buckets{{0.1, 8}, {0.5, 12}, {std::numeric_limits<double>::infinity(), 12}};
  EXPECT_THAT(plot_buckets(buckets, {.width = 30}),
              ElementsAre("       0.1          8 ████████", "       0.5          4 ████", "      +Inf          0"));
}

TEST_F(Plot, WithoutUtf8ItIsAscii) {
  std::setlocale(LC_CTYPE, "C");
  EXPECT_THAT(plot_over_time(std::vector<float>{1, 4}, {.width = 20, .height = 2}),
              ElementsAre("         4  #", "         0 ##"));
  EXPECT_THAT(plot_buckets(std::vector<BucketCount>{{1, 2}, {2, 3}}, {.width = 30}),
              ElementsAre("         1          2 ########", "         2          1 ####"));
}

TEST_F(Plot, QuantilesOfNothingAreDashes) { EXPECT_EQ(quantile_line({}), "p50 -  p90 -  p99 -"); }

}  // namespace
}  // namespace weir
