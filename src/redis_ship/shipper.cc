#include "redis_ship/shipper.h"

#include <algorithm>
#include <exception>
#include <string>

#include <fmt/format.h>

#include "model/signals_blocked.h"
#include "storage/registration_lock.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kPauseBetweenTries{50};

// This thread is in a member that holds the lock or waits with it. A signal handler that calls exit() there must not
// come back for it.
constinit thread_local bool t_inside = false;

struct Inside {
  Inside() noexcept { t_inside = true; }
  ~Inside() { t_inside = false; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
};

}  // namespace

Shipper::Shipper(std::chrono::milliseconds interval, std::unique_ptr<Shipment> shipment)
    : interval_(interval), shipment_(std::move(shipment)) {}

Shipper::~Shipper() {
  std::unique_lock lock(mutex_);
  wish_ = Wish::stop;
  changed_.notify_all();
  if (!has_thread_) return;
  const pthread_t thread = thread_;
  lock.unlock();
  ::pthread_join(thread, nullptr);
}

void Shipper::start() noexcept {
  const Inside inside;
  const std::scoped_lock lock(mutex_);
  if (wish_ == Wish::finish) return;
  wish_ = Wish::run;
  if (is_running_) return;
  if (has_thread_) ::pthread_join(thread_, nullptr);  // it has let go of the lock for the last time
  const SignalsBlocked blocked;
  is_running_ = has_thread_ = ::pthread_create(&thread_, nullptr, &Shipper::run_thread, this) == 0;
}

void* Shipper::run_thread(void* shipper) noexcept {
  ::pthread_setname_np(::pthread_self(), "weir-redis");
  static_cast<Shipper*>(shipper)->run();
  return nullptr;
}

void Shipper::run() noexcept {
  std::unique_lock lock(mutex_);
  next_ = Clock::now();
  while (!is_finished_) {
    changed_.wait_until(lock, next_, [this] { return wish_ != Wish::run || asked_ != begun_; });
    if (wish_ == Wish::stop) break;
    ship(lock);
  }
  is_running_ = false;
  changed_.notify_all();
}

void Shipper::ship(std::unique_lock<std::mutex>& lock) noexcept {
  is_shipping_ = true;
  begun_ = asked_;
  std::vector<std::uint32_t> only;
  // Samples asked for one after another without a pause must not keep the rest, and the lease, from their turn.
  const bool is_whole = everything_ || Clock::now() >= next_;
  if (!is_whole) only.swap(urgent_);
  urgent_.clear();
  everything_ = false;
  const bool is_last = wish_ == Wish::finish;
  lock.unlock();
  bool clean = false;
  bool met_nobody = false;
  std::string error;
  try {
    clean = shipment_->ship(only);
    if (is_last) shipment_->goodbye();
  } catch (const RedisConnectionError& failure) {
    error = failure.what();
    met_nobody = true;
  } catch (const RedisTimeoutError& failure) {
    error = failure.what();
    met_nobody = true;
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  lock.lock();
  const News news = note(clean, error);
  is_shipping_ = false;
  if (is_whole) next_ = Clock::now() + interval_;
  is_finished_ = is_finished_ || is_last;
  last_was_clean_ = clean;
  last_met_nobody_ = met_nobody;
  answered_ = begun_;
  changed_.notify_all();
  if (news == News::none) return;
  lock.unlock();  // the log's sink is the program's own code
  if (news == News::fails) {
    log_line(LogLevel::warning, fmt::format("shipping to Redis fails; values are kept and shipped later: {}", error));
  } else {
    log_line(LogLevel::info, "shipping to Redis works again");
  }
  lock.lock();
}

Shipper::News Shipper::note(bool clean, const std::string& error) noexcept {
  const bool was_connected = statistics_.connected || statistics_.flushes + statistics_.failed_flushes == 0;
  const bool failed = !error.empty();
  shipment_->tell(statistics_);
  ++(failed ? statistics_.failed_flushes : statistics_.flushes);
  statistics_.connected = !failed;
  statistics_.last_error = error;
  if (clean) clean_at_ = Clock::now();
  if (failed == was_connected) return failed ? News::fails : News::works;
  return News::none;
}

// A flush of everything uses its time: a client that has just failed fails at once for a while (its back-off).
bool Shipper::flush(Clock::time_point deadline, std::span<const std::uint32_t> only) noexcept {
  if (t_inside) return false;
  const Inside inside;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (flush_once(lock, deadline, only)) return true;
    const bool is_hopeless = !only.empty() || !last_met_nobody_ || wish_ != Wish::run;
    if (is_hopeless || Clock::now() + kPauseBetweenTries >= deadline) return false;
    changed_.wait_for(lock, kPauseBetweenTries, [this] { return wish_ != Wish::run; });
  }
}

bool Shipper::flush_once(std::unique_lock<std::mutex>& lock, Clock::time_point deadline,
                         std::span<const std::uint32_t> only) noexcept {
  if (wish_ != Wish::run || is_finished_) return false;
  const std::uint64_t mine = ++asked_;
  if (only.empty()) everything_ = true;
  urgent_.insert(urgent_.end(), only.begin(), only.end());
  changed_.notify_all();
  if (is_running_) {
    return changed_.wait_until(lock, deadline, [&] { return answered_ >= mine; }) && last_was_clean_;
  }
  if (!changed_.wait_until(lock, deadline, [&] { return !is_shipping_ || answered_ >= mine; })) return false;
  if (answered_ < mine) ship(lock);
  return last_was_clean_;
}

bool Shipper::stop(Clock::time_point deadline) noexcept {
  const bool is_clean = flush(deadline);
  if (t_inside) return false;
  const Inside inside;
  std::unique_lock lock(mutex_);
  if (wish_ != Wish::run) return is_clean;
  wish_ = Wish::stop;
  changed_.notify_all();
  changed_.wait_until(lock, deadline, [this] { return !is_running_ || wish_ == Wish::run; });
  return is_clean;
}

void Shipper::finish(Clock::time_point deadline) noexcept {
  if (t_inside) return;
  const Inside inside;
  std::unique_lock lock(mutex_);
  if (wish_ != Wish::run) return;
  if (!has_thread_) {
    // exit() in a signal handler that interrupted a registration: shipping would wait for this very thread.
    if (is_shipping_ || RegistrationLock::held_by_this_thread()) return;
    wish_ = Wish::finish;
    everything_ = true;
    ship(lock);
    return;
  }
  wish_ = Wish::finish;
  ++asked_;
  everything_ = true;
  changed_.notify_all();
  if (!changed_.wait_until(lock, deadline, [this] { return is_finished_; })) return;  // the process ends without it
  const pthread_t thread = thread_;
  has_thread_ = false;
  lock.unlock();
  ::pthread_join(thread, nullptr);
}

RedisShippingStatistics Shipper::statistics() const {
  const Inside inside;
  const std::scoped_lock lock(mutex_);
  RedisShippingStatistics now = statistics_;
  if (now.dirty > 0 || !now.connected) now.lag = std::chrono::duration<double>(Clock::now() - clean_at_).count();
  return now;
}

}  // namespace weir
