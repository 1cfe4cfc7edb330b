#include "redis/backoff.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace weir {
namespace {

using std::chrono::milliseconds;
constexpr Backoff::Clock::time_point kNow{std::chrono::hours(1)};

TEST(Backoff, AServerThatNeverFailedMayBeTried) {
  const Backoff backoff;
  EXPECT_TRUE(backoff.may_try(Backoff::Clock::time_point::min()));
  EXPECT_EQ(backoff.wait(), milliseconds(0));
}

TEST(Backoff, WaitsDoubleUpToTheCap) {
  Backoff backoff;
  for (const int expected : {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000}) {
    backoff.on_failure(kNow, 1.0);
    EXPECT_EQ(backoff.wait(), milliseconds(expected)) << backoff.failures();
  }
}

TEST(Backoff, WaitsAreARandomShareOfTheWhole) {
  Backoff backoff;
  for (int i = 0; i < 4; ++i) backoff.on_failure(kNow, 0.25);
  EXPECT_EQ(backoff.wait(), milliseconds(100));
}

TEST(Backoff, MayTryOnceTheWaitIsOver) {
  Backoff backoff;
  backoff.on_failure(kNow, 1.0);
  EXPECT_FALSE(backoff.may_try(kNow));
  EXPECT_FALSE(backoff.may_try(kNow + milliseconds(49)));
  EXPECT_TRUE(backoff.may_try(kNow + milliseconds(50)));
}

TEST(Backoff, SuccessForgetsAllFailures) {
  Backoff backoff;
  for (int i = 0; i < 20; ++i) backoff.on_failure(kNow, 1.0);
  backoff.on_success();
  EXPECT_TRUE(backoff.may_try(kNow));
  EXPECT_EQ(backoff.failures(), 0);
  backoff.on_failure(kNow, 1.0);
  EXPECT_EQ(backoff.wait(), milliseconds(50));
}

TEST(Backoff, RandomOutsideItsRangeWaitsNeitherNegativeNorLongerThanTheWhole) {
  for (const double random : {-1.0, std::nan(""), 7.0, std::numeric_limits<double>::infinity()}) {
    Backoff backoff;
    for (int i = 0; i < 100; ++i) {
      backoff.on_failure(kNow, random);
      EXPECT_GE(backoff.wait(), milliseconds(0));
      EXPECT_LE(backoff.wait(), Backoff::kCap);
    }
  }
}

}  // namespace
}  // namespace weir
