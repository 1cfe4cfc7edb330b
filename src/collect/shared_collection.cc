#include "collect/shared_collection.h"

#include <utility>

namespace weir {

SharedCollection::Result SharedCollection::collect() {
  std::unique_lock lock{mutex_};
  std::shared_ptr<Round> round = next_;
  if (round == nullptr) {
    round = std::make_shared<Round>();
    next_ = round;
    turned_.wait(lock, [&] { return !is_running_; });
    // From here on later calls need a later round.
    next_ = nullptr;
    run(*round, lock);
  } else {
    turned_.wait(lock, [&] { return round->is_done; });
  }
  if (round->error) std::rethrow_exception(round->error);
  return round->result;
}

void SharedCollection::run(Round& round, std::unique_lock<std::mutex>& lock) {
  is_running_ = true;
  lock.unlock();
  Result result;
  std::exception_ptr error;
  try {
    result = collect_();
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  round.result = std::move(result);
  round.error = std::move(error);
  round.is_done = true;
  is_running_ = false;
  turned_.notify_all();
}

}  // namespace weir
