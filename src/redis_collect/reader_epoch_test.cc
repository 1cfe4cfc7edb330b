#include "redis_collect/reader_epoch.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Names = std::vector<std::string>;
using Leases = std::vector<ReaderEpoch::Lease>;

constexpr ReaderEpoch::Clock::time_point at(int seconds) {
  return ReaderEpoch::Clock::time_point(std::chrono::seconds(seconds));
}

ReaderEpoch that_saw(const Leases& leases) {
  ReaderEpoch epoch;
  EXPECT_EQ(epoch.awaited("r1.e1", leases, at(0)), Names{});
  epoch.collected();
  return epoch;
}

TEST(ReaderEpoch, WritersThatNameTheEpochAreNotAwaited) {
  ReaderEpoch epoch;
  EXPECT_EQ(epoch.awaited("r1.e1", Leases{{"1", "r1.e1"}, {"2", "r1.e1"}}, at(0)), Names{});
}

TEST(ReaderEpoch, DeadWritersAreNotAwaited) {
  ReaderEpoch epoch;
  EXPECT_EQ(epoch.awaited("r1.e1", Leases{{"1", ""}}, at(0)), Names{});
}

TEST(ReaderEpoch, AfterAChangeThoseWhoLivedAreAwaitedUntilTheyNameIt) {
  ReaderEpoch epoch = that_saw({{"1", "r1.e1"}, {"2", "r1.e1"}, {"3", ""}});
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{}, at(1)), (Names{"1", "2"}));
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{{"1", "r2.e2"}}, at(2)), Names{"2"});
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{{"1", "r2.e2"}, {"2", "r2.e2"}}, at(3)), Names{});
}

TEST(ReaderEpoch, NobodyIsAwaitedLongerThanItsLease) {
  ReaderEpoch epoch = that_saw({{"1", "r1.e1", std::chrono::seconds(5)}, {"2", "r1.e1", std::chrono::seconds(9)}});
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{}, at(10)), (Names{"1", "2"}));
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{}, at(15)), Names{"2"});
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{}, at(19)), Names{});
}

TEST(ReaderEpoch, ALeaseThatNamesAnotherEpochMeansNotYet) {
  ReaderEpoch epoch;
  const Leases leases{{"1", "pending", std::chrono::seconds(5)}, {"2", "r1.e1"}};
  EXPECT_EQ(epoch.awaited("r1.e1", leases, at(0)), Names{"1"});
  EXPECT_EQ(epoch.awaited("r1.e1", leases, at(4)), Names{"1"});
  EXPECT_EQ(epoch.awaited("r1.e1", leases, at(5)), Names{});
  epoch.collected();
  EXPECT_EQ(epoch.awaited("r1.e1", leases, at(6)), Names{}) << "waiting does not begin again";
}

TEST(ReaderEpoch, WaitingThroughTwoChangesIsOneWait) {
  ReaderEpoch epoch = that_saw({{"1", "r1.e1", std::chrono::seconds(5)}});
  EXPECT_EQ(epoch.awaited("r2.", Leases{}, at(10)), Names{"1"});
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{}, at(14)), Names{"1"});
  EXPECT_EQ(epoch.awaited("r2.e2", Leases{}, at(15)), Names{});
}

TEST(ReaderEpoch, ASecondFailoverIsAwaitedAgain) {
  ReaderEpoch epoch = that_saw({{"1", "r1.e1", std::chrono::seconds(5)}});
  EXPECT_EQ(epoch.awaited("r2.e1", Leases{{"1", "r2.e1"}}, at(10)), Names{});
  epoch.collected();
  EXPECT_EQ(epoch.awaited("r3.e1", Leases{{"1", "r2.e1"}}, at(100)), Names{"1"});
}

TEST(ReaderEpoch, WithoutTheReplicationIdTheEpochKeyDecides) {
  EXPECT_TRUE(names_epoch("abc.e1", ".e1"));
  EXPECT_FALSE(names_epoch("abc.e1", ".e2"));
  EXPECT_FALSE(names_epoch("abc.e1", "abd.e1"));
  EXPECT_TRUE(names_epoch("abc.e1", "abc.e1"));
}

}  // namespace
}  // namespace weir
