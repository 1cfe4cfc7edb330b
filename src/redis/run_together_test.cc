#include "redis/run_together.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace weir {
namespace {

TEST(RunTogether, CallsEachIndexOnce) {
  for (const std::size_t count : {0U, 1U, 2U, 100U}) {
    std::vector<std::atomic<int>> calls(count);
    run_together(count, [&](std::size_t i) { ++calls[i]; });
    for (const auto& times : calls) EXPECT_EQ(times, 1);
  }
}

TEST(RunTogether, OneIndexStaysOnTheCallersThread) {
  run_together(1,
               [caller = std::this_thread::get_id()](std::size_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

TEST(RunTogether, ThreadsTakeNoSignals) {
  std::atomic<int> waiting{0};
  std::atomic<int> open{0};
  run_together(4, [&](std::size_t) {
    ++waiting;
    for (int i = 0; i < 100'000 && waiting < 4; ++i) std::this_thread::yield();  // so that each has its own thread
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    if (sigismember(&mask, SIGTERM) == 0) ++open;
  });
  EXPECT_LE(open, 1);  // the caller's
}

TEST(RunTogether, ThrowsTheFirstExceptionAfterAllWereCalled) {
  std::atomic<int> calls{0};
  EXPECT_THROW(run_together(8,
                            [&](std::size_t i) {
                              ++calls;
                              if (i == 3) throw std::runtime_error("three");
                            }),
               std::runtime_error);
  EXPECT_EQ(calls, 8);
}

}  // namespace
}  // namespace weir
