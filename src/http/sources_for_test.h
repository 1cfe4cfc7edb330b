// Real sources for the tests of this room: fixed families, and one that waits until it is let go.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "weir/snapshot.h"

namespace weir::test {

inline MetricFamily counter_family(const std::string& name, double value) {
  return {{name, MetricType::counter, "Test.", ""}, {{name + "_total", {}, value, {}}}};
}

class FixedSource : public Source {
 public:
  explicit FixedSource(std::vector<MetricFamily> families, std::vector<Problem> problems = {}) {
    auto made = std::make_shared<Collection>();
    made->snapshot = snapshot_of(families);
    made->problems = std::move(problems);
    collection_ = made;
  }
  std::shared_ptr<const Collection> collect() override {
    ++collections;
    return collection_;
  }
  std::string describe() const override { return "directory /run/<b>metrics</b>"; }

  std::atomic<int> collections{0};

 private:
  std::shared_ptr<const Collection> collection_;
};

/// Counts its collections in `began_total`; each waits until release().
class WaitingSource : public Source {
 public:
  std::shared_ptr<const Collection> collect() override {
    std::unique_lock lock(mutex_);
    const int mine = ++began_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return released_ >= mine; });
    auto made = std::make_shared<Collection>();
    made->snapshot = snapshot_of({counter_family("began", mine)});
    return made;
  }
  std::string describe() const override { return "a source that waits"; }

  /// Lets the first `count` collections finish.
  void release(int count) {
    const std::lock_guard lock(mutex_);
    released_ = count;
    changed_.notify_all();
  }
  void wait_until_began(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return began_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int began_ = 0;
  int released_ = 0;
};

class ThrowingSource : public Source {
 public:
  std::shared_ptr<const Collection> collect() override { throw std::runtime_error("out of everything"); }
  std::string describe() const override { return "a source that throws"; }
};

}  // namespace weir::test
