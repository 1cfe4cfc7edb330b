// Overlapping calls share one collection, and no call gets one that began before it.
//
//   SharedCollection shared{[&] { return really_collect(); }};
//   auto collection = shared.collect();              // from any thread
//
// One collection runs; calls that arrive meanwhile all wait for the one next in line, which begins when the running one
// has ended. So at most two are ever under way, however many scrapers ask, and nobody sees values older than the
// question.
//
// Thread safety: collect() from any thread; the function runs on one of the calling threads, never twice at once.
// Source: design section 7.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>

#include "weir/snapshot.h"

namespace weir {

class SharedCollection {
 public:
  using Result = std::shared_ptr<const Collection>;
  explicit SharedCollection(std::function<Result()> collect) : collect_(std::move(collect)) {}

  /// What the function gave, or the exception it threw.
  Result collect();

 private:
  struct Round {
    bool is_done = false;
    Result result;
    std::exception_ptr error;
  };

  const std::function<Result()> collect_;
  std::mutex mutex_;
  std::condition_variable turned_;
  // Guarded by mutex_.
  bool is_running_ = false;
  std::shared_ptr<Round> next_;  // not begun; who made it begins it

  void run(Round& round, std::unique_lock<std::mutex>& lock);
};

}  // namespace weir
