#include "redis/connection_pool.h"

#include <algorithm>
#include <random>

namespace weir {
namespace {

double random01() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

ConnectionPool& ConnectionPool::of_this_process(std::atomic<ConnectionPool*>& current) {
  ConnectionPool* found = current.load(std::memory_order_acquire);  // pairs with the exchange below
  if (found->owner_ == ::getpid()) return *found;
  auto made = std::make_unique<ConnectionPool>(found->size_);
  if (!current.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel)) return *found;
  made->parent_.reset(found);
  found->abandon();
  return *made.release();
}

ConnectionPool::ConnectionPool(std::size_t size) : size_(size) {
  idle_.reserve(size);  // so that give() needs no memory
}

std::unique_ptr<Connection> ConnectionPool::take() {
  for (;;) {
    std::unique_ptr<Connection> connection;
    {
      MutexLock lock(mutex_);
      if (idle_.empty()) return nullptr;
      lent_.push_back({idle_.back().get(), true});
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    if (connection->is_usable()) return connection;
    give(std::move(connection));  // which closes it
  }
}

void ConnectionPool::add(Connection& connection) {
  MutexLock lock(mutex_);
  lent_.push_back({&connection, true});
}

void ConnectionPool::give(std::unique_ptr<Connection> connection) {
  const bool is_usable = connection->is_usable();
  MutexLock lock(mutex_);  // let go before the parameter goes, which closes what is not kept
  const auto lent =
      std::find_if(lent_.begin(), lent_.end(), [&](const Lent& one) { return one.connection == connection.get(); });
  const bool is_kept = is_usable && (lent == lent_.end() || lent->is_kept);
  if (lent != lent_.end()) lent_.erase(lent);
  if (is_kept && idle_.size() < size_) idle_.push_back(std::move(connection));
}

void ConnectionPool::drop() {
  std::vector<std::unique_ptr<Connection>> dropped;
  MutexLock lock(mutex_);
  dropped.swap(idle_);
  for (Lent& lent : lent_) lent.is_kept = false;
}

std::optional<RedisReply> ConnectionPool::must_wait() {
  MutexLock lock(mutex_);
  if (backoff_.may_try(Backoff::Clock::now())) return std::nullopt;
  return last_failure_;
}

void ConnectionPool::note_opened() {
  MutexLock lock(mutex_);
  backoff_.on_success();
}

void ConnectionPool::note_failure(const RedisReply& failure) {
  const double random = random01();
  MutexLock lock(mutex_);
  backoff_.on_failure(Backoff::Clock::now(), random);
  last_failure_ = failure;
}

void ConnectionPool::abandon() noexcept WEIR_NO_THREAD_SAFETY_ANALYSIS {
  // A thread of the parent may have held the lock at the fork, and the lists may be half changed. It stays locked.
  if (!mutex_.try_lock()) return;
  for (auto& connection : idle_) connection->abandon();
  for (const Lent& lent : lent_) lent.connection->abandon();
}

}  // namespace weir
