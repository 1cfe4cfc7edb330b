// The connections one process keeps to one server, and when it may try to open another.
//
// A forked child gets a pool of its own: of_this_process() notices by the process id, and abandons what the parent had.
//
// Thread safety: every member from any thread; no lock is held over a socket.
// Process safety: a lock that another thread held at the fork is not waited for in the child: then the parent's
// descriptors stay open in the child, unused.
#pragma once

#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "model/mutex.h"
#include "redis/backoff.h"
#include "redis/connection.h"

namespace weir {

class ConnectionPool {
 public:
  explicit ConnectionPool(std::size_t size);

  /// The pool in `current`; in a forked child that has none yet, a new one, the parent's connections abandoned.
  static ConnectionPool& of_this_process(std::atomic<ConnectionPool*>& current);

  /// The connection used last; null when none is free. It must come back by give().
  std::unique_ptr<Connection> take();
  /// Says that `connection`, just opened, is in use; it must come back by give().
  void add(Connection& connection);
  /// Keeps `connection` if it is usable, there is room, and no drop() came since it was taken; else closes it.
  void give(std::unique_ptr<Connection> connection);
  /// Closes what is idle now, and what is in use when it is given back.
  void drop();

  /// The last failure, while the backoff has attempts wait; nothing when one may be made.
  std::optional<RedisReply> must_wait();
  void note_opened();
  void note_failure(const RedisReply& failure);

 private:
  struct Lent {
    Connection* connection;
    bool is_kept;  // when it comes back
  };
  void abandon() noexcept;

  const std::size_t size_;
  const pid_t owner_ = ::getpid();
  std::unique_ptr<ConnectionPool> parent_;  // kept: threads the child does not have may be in the middle of it
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ WEIR_GUARDED_BY(mutex_);
  std::vector<Lent> lent_ WEIR_GUARDED_BY(mutex_);
  Backoff backoff_ WEIR_GUARDED_BY(mutex_);
  RedisReply last_failure_ WEIR_GUARDED_BY(mutex_);
};

}  // namespace weir
