#include "redis/run_together.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "model/mutex.h"
#include "model/signals_blocked.h"

namespace weir {
namespace {

constexpr std::size_t kMaxThreads = 16;  // beside the caller's

class Work {
 public:
  Work(std::size_t count, const std::function<void(std::size_t)>& work) : count_(count), work_(work) {}

  void run() noexcept {
    // Relaxed: each index is taken once whatever the order; join() publishes what was done.
    for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) {
      try {
        work_(i);
      } catch (...) {
        MutexLock lock(mutex_);
        if (!thrown_) thrown_ = std::current_exception();
      }
    }
  }
  void rethrow() {
    MutexLock lock(mutex_);
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  const std::size_t count_;
  const std::function<void(std::size_t)>& work_;
  std::atomic<std::size_t> next_{0};
  Mutex mutex_;
  std::exception_ptr thrown_ WEIR_GUARDED_BY(mutex_);
};

}  // namespace

void run_together(std::size_t count, const std::function<void(std::size_t)>& function) {
  if (count == 0) return;
  Work work(count, function);
  std::vector<std::thread> threads;
  const std::size_t wanted = std::min(count - 1, kMaxThreads);
  threads.reserve(wanted);
  try {
    SignalsBlocked blocked;
    while (threads.size() < wanted) threads.emplace_back([&] { work.run(); });
  } catch (const std::system_error&) {  // no more threads: those there are, and this one, do it all
  }
  work.run();
  for (std::thread& thread : threads) thread.join();
  work.rethrow();
}

}  // namespace weir
