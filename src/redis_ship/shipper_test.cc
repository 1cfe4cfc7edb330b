// When the shipping thread ships, whatever it ships.
#include "redis_ship/shipper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "storage/registration_lock.h"
#include "weir/log.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using Clock = Shipper::Clock;

struct Told {
  std::atomic<int> shipped{0};
  std::atomic<int> shipped_whole{0};  // not only some samples
  std::atomic<int> goodbyes{0};
  std::atomic<int> failures_to_come{0};
  std::atomic<int> wait_ms{0};
  std::atomic<std::size_t> last_only{0};
  std::atomic<std::thread::id> thread{};
};

// A layout that only counts what it is asked for.
class CountingShipment final : public Shipment {
 public:
  explicit CountingShipment(Told& told) : told_(told) {}
  bool ship(std::span<const std::uint32_t> only) override {
    std::this_thread::sleep_for(milliseconds(told_.wait_ms));
    told_.thread = std::this_thread::get_id();
    told_.last_only = only.size();
    if (told_.failures_to_come > 0) {
      --told_.failures_to_come;
      throw RedisConnectionError("nobody there");
    }
    ++told_.shipped;
    if (only.empty()) ++told_.shipped_whole;
    return true;
  }
  void goodbye() override { ++told_.goodbyes; }
  void tell(RedisShippingStatistics&) const override {}

 private:
  Told& told_;
};

Clock::time_point in(int ms) { return Clock::now() + milliseconds(ms); }

TEST(Shipper, ShipsByItselfEveryInterval) {
  Told told;
  Shipper shipper(milliseconds(10), std::make_unique<CountingShipment>(told));
  shipper.start();
  for (int i = 0; i < 2000 && told.shipped < 5; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_GE(told.shipped, 5);
  EXPECT_NE(told.thread.load(), std::this_thread::get_id());
}

TEST(Shipper, WithoutAThreadAFlushShipsInTheCaller) {
  Told told;
  Shipper shipper(milliseconds(10), std::make_unique<CountingShipment>(told));
  EXPECT_TRUE(shipper.flush(in(1000)));
  EXPECT_EQ(told.thread.load(), std::this_thread::get_id());
}

TEST(Shipper, AFlushDoesNotWaitForTheInterval) {
  Told told;
  Shipper shipper(std::chrono::hours(1), std::make_unique<CountingShipment>(told));
  shipper.start();
  for (int i = 1; i <= 20; ++i) EXPECT_TRUE(shipper.flush(in(20000)));
  EXPECT_GE(told.shipped, 20);
}

TEST(Shipper, AFlushGivesUpAtItsDeadline) {
  Told told;
  told.wait_ms = 300;
  Shipper shipper(std::chrono::hours(1), std::make_unique<CountingShipment>(told));
  shipper.start();
  EXPECT_FALSE(shipper.flush(in(20)));
  EXPECT_TRUE(shipper.flush(in(20000)));
}

TEST(Shipper, AFlushTriesAgainWhileNobodyAnswers) {
  Told told;
  told.failures_to_come = 4;
  Shipper shipper(std::chrono::hours(1), std::make_unique<CountingShipment>(told));
  shipper.start();
  EXPECT_TRUE(shipper.flush(in(20000)));
  EXPECT_EQ(shipper.statistics().failed_flushes, 4u);
  EXPECT_EQ(shipper.statistics().last_error, "");
}

TEST(Shipper, AFlushOfSomeSamplesFailsAtOnce) {
  Told told;
  told.failures_to_come = 1000;
  Shipper shipper(std::chrono::hours(1), std::make_unique<CountingShipment>(told));
  const std::uint32_t sample = 7;
  EXPECT_FALSE(shipper.flush(in(20000), {&sample, 1}));
  EXPECT_EQ(told.last_only, 1u);
  EXPECT_GE(told.failures_to_come, 999);
}

TEST(Shipper, SamplesAskedForWithoutAPauseDoNotKeepTheRestFromItsInterval) {
  for (const bool has_thread : {true, false}) {
    Told told;
    Shipper shipper(milliseconds(10), std::make_unique<CountingShipment>(told));
    if (has_thread) shipper.start();
    const std::uint32_t sample = 0;
    for (int i = 0; i < 1000000 && told.shipped_whole < 5; ++i) ASSERT_TRUE(shipper.flush(in(10000), {&sample, 1}));
    EXPECT_GE(told.shipped_whole, 5);
  }
}

TEST(Shipper, StopShipsOnceMoreAndNothingAfterwardsUntilItIsStartedAgain) {
  for (const bool has_thread : {true, false}) {
    Told told;
    Shipper shipper(milliseconds(10), std::make_unique<CountingShipment>(told));
    if (has_thread) shipper.start();
    EXPECT_TRUE(shipper.stop(in(20000)));
    const int shipped = told.shipped;
    EXPECT_GE(shipped, 1);
    EXPECT_FALSE(shipper.flush(in(1000)));
    EXPECT_FALSE(shipper.stop(in(1000)));
    shipper.finish(in(1000));
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(told.shipped, shipped);
    EXPECT_EQ(told.goodbyes, 0);
    shipper.start();
    EXPECT_TRUE(shipper.flush(in(20000)));
    shipper.finish(in(20000));
    EXPECT_EQ(told.goodbyes, 1);
  }
}

TEST(Shipper, StopInTheMiddleOfAFlushReturnsAtItsDeadlineAndStartTakesTheThreadBack) {
  Told told;
  told.wait_ms = 300;
  Shipper shipper(milliseconds(10), std::make_unique<CountingShipment>(told));
  shipper.start();
  EXPECT_FALSE(shipper.stop(in(20)));
  shipper.start();
  EXPECT_TRUE(shipper.flush(in(20000)));
}

TEST(Shipper, FinishShipsOnceMoreAndSaysGoodbyeOnce) {
  Told told;
  {
    Shipper shipper(std::chrono::hours(1), std::make_unique<CountingShipment>(told));
    shipper.start();
    ASSERT_TRUE(shipper.flush(in(20000)));
    const int before = told.shipped;
    shipper.finish(in(20000));
    shipper.finish(in(20000));
    EXPECT_EQ(told.shipped, before + 1);
    EXPECT_FALSE(shipper.flush(in(20000)));
  }
  EXPECT_EQ(told.goodbyes, 1);
}

TEST(Shipper, FinishInAHandlerThatInterruptedARegistrationShipsNothingHere) {
  Told told;
  Shipper shipper(std::chrono::hours(1), std::make_unique<CountingShipment>(told));
  {
    const RegistrationHold hold;
    shipper.finish(in(20000));
    EXPECT_EQ(told.shipped, 0);
  }
  shipper.finish(in(20000));
  EXPECT_EQ(told.goodbyes, 1);
}

TEST(Shipper, FinishDuringAFlushStillSaysGoodbye) {
  Told told;
  told.wait_ms = 100;
  Shipper shipper(milliseconds(1), std::make_unique<CountingShipment>(told));
  shipper.start();
  std::this_thread::sleep_for(milliseconds(50));
  shipper.finish(in(20000));
  EXPECT_EQ(told.goodbyes, 1);
}

std::atomic<int> g_warnings{0};
std::atomic<int> g_infos{0};

TEST(Shipper, AnOutageIsSaidOnceAndSoIsItsEnd) {
  const LogSink before = set_log_sink(
      [](LogLevel level, std::string_view) noexcept { ++(level == LogLevel::warning ? g_warnings : g_infos); });
  Told told;
  told.failures_to_come = 3;
  Shipper shipper(std::chrono::hours(1), std::make_unique<CountingShipment>(told));
  for (int i = 0; i < 6; ++i) shipper.flush(in(20000));
  set_log_sink(before);
  EXPECT_EQ(g_warnings, 1);
  EXPECT_EQ(g_infos, 1);
}

TEST(Shipper, ManyThreadsFlushAtOnce) {
  Told told;
  Shipper shipper(milliseconds(1), std::make_unique<CountingShipment>(told));
  shipper.start();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) good += shipper.flush(in(20000)) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace weir
