#include "collect/shared_collection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace weir {
namespace {

/// Waits until a condition that another thread brings about holds; no time is promised and none is slept.
template <typename Condition>
void until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

std::shared_ptr<const Collection> numbered(double n) {
  auto collection = std::make_shared<Collection>();
  collection->snapshot.values = {n};
  return collection;
}

TEST(SharedCollection, LateCallersShareTheNextCollectionAndNotTheRunningOne) {
  std::atomic<int> begun{0};
  std::atomic<bool> may_end{false};
  SharedCollection shared{[&] {
    const int n = ++begun;
    if (n == 1) until([&] { return may_end.load(); });
    return numbered(n);
  }};
  double first = 0;
  std::thread runs_first{[&] { first = shared.collect()->snapshot.values[0]; }};
  until([&] { return begun.load() == 1; });
  std::vector<double> late(8, 0);
  std::atomic<int> calling{0};
  std::vector<std::thread> threads;
  for (double& got : late) {
    threads.emplace_back([&] {
      ++calling;
      got = shared.collect()->snapshot.values[0];
    });
  }
  until([&] { return calling.load() == 8; });
  EXPECT_EQ(begun.load(), 1);
  may_end = true;
  runs_first.join();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first, 1);
  // A thread that had said it calls, but had not yet, may come after the second began: then there is a third, never a
  // ninth.
  for (const double got : late) EXPECT_GE(got, 2);
  EXPECT_LE(begun.load(), 1 + 8);
}

TEST(SharedCollection, NoCallGetsACollectionThatBeganBeforeIt) {
  std::atomic<int> clock{0};
  std::atomic<int> running{0};
  SharedCollection shared{[&] {
    EXPECT_EQ(running.fetch_add(1), 0);
    auto collection = numbered(clock.load());
    running.fetch_sub(1);
    return collection;
  }};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const int arrived = ++clock;
        EXPECT_GE(shared.collect()->snapshot.values[0], arrived);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SharedCollection, AnErrorReachesItsCallersAndTheNextCallTriesAgain) {
  int calls = 0;
  SharedCollection shared{[&]() -> SharedCollection::Result {
    if (++calls == 1) throw std::runtime_error("no memory");
    return numbered(calls);
  }};
  EXPECT_THROW(shared.collect(), std::runtime_error);
  EXPECT_EQ(shared.collect()->snapshot.values[0], 2);
}

}  // namespace
}  // namespace weir
