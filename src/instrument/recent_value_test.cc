#include "instrument/recent_value.h"

#include <gtest/gtest.h>

#include <thread>

#include "instrument/unix_time.h"

namespace weir {
namespace {

TEST(RecentValue, OlderStampDoesNotReplaceANewerOne) {
  Cell cell;
  store_if_newer(cell, 1, 20);
  store_if_newer(cell, 2, 10);
  EXPECT_EQ(cell.value.load(), 1);
  store_if_newer(cell, 3, 20);
  EXPECT_EQ(cell.value.load(), 3);
  EXPECT_EQ(cell.timestamp.load(), 20);
}

TEST(RecentValue, ValueAfterTheClockWasSetBackIsNotStuck) {
  const double ahead = unix_now() + 3600;
  EXPECT_EQ(stamp_after(ahead), ahead);
  Cell cell;
  store_if_newer(cell, 1, ahead);
  store_if_newer(cell, 2, stamp_after(ahead));
  EXPECT_EQ(cell.value.load(), 2);
}

TEST(RecentValue, StampIsNowWhileTheClockGoesOn) {
  const double before = unix_now();
  EXPECT_GE(stamp_after(before - 100), before);
  EXPECT_LT(stamp_after(0), before + 60);
}

// Writers whose value is their stamp: a pair that was ever mixed shows as a difference.
TEST(RecentValue, PairsAreNeverMixed) {
  Cell cell;
  std::thread other([&] {
    for (int i = 1; i < 200000; i += 2) store_if_newer(cell, i, i);
  });
  for (int i = 2; i < 200000; i += 2) store_if_newer(cell, i, i);
  other.join();
  EXPECT_EQ(cell.value.load(), cell.timestamp.load());
  EXPECT_EQ(cell.value.load(), 199999);
}

}  // namespace
}  // namespace weir
