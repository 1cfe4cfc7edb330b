#include "http/connections.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace weir {
namespace {

/// The thread sleeps at least this long between sweeps, so that many near deadlines cost one sweep.
constexpr std::chrono::milliseconds kShortestSleep{5};

Answer too_late() {
  Answer answer = plain_answer(503, "The collection did not finish within the scrape timeout.\n");
  answer.rejected = "timeout";
  return answer;
}

}  // namespace

Connections::Connections(Limits limits) : limits_(limits), thread_([this] { run(); }) {}

Connections::~Connections() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool Connections::has_room() const { return size() < limits_.connections; }

std::size_t Connections::size() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

Connections::Connection* Connections::opened(int fd, std::string address) {
  Connection* connection = nullptr;
  {
    const std::lock_guard lock(mutex_);
    open_.emplace_front();
    connection = &open_.front();
    connection->self = open_.begin();
    connection->fd = fd;
    connection->address = std::move(address);
    connection->deadline = Clock::time_point::max();
  }
  waiting(connection);
  return connection;
}

void Connections::closed(Connection* connection) {
  const std::lock_guard lock(mutex_);
  open_.erase(connection->self);
}

void Connections::enter(Connection* connection, Phase phase, Clock::time_point deadline,
                        std::shared_ptr<Pending> pending) {
  bool earlier = false;
  {
    const std::lock_guard lock(mutex_);
    connection->phase = phase;
    connection->deadline = deadline;
    connection->pending.swap(pending);
    earlier = deadline < next_;
    if (earlier) next_ = deadline;
  }
  if (earlier) changed_.notify_one();
}

void Connections::waiting(Connection* connection) {
  enter(connection, Phase::waiting, Clock::now() + limits_.waiting, nullptr);
}

void Connections::gathering(Connection* connection, std::shared_ptr<Pending> pending) {
  const Clock::time_point deadline = pending->deadline();
  enter(connection, Phase::gathering, deadline, std::move(pending));
}

void Connections::sending(Connection* connection) {
  enter(connection, Phase::sending, Clock::now() + limits_.sending, nullptr);
}

Connections::Clock::time_point Connections::sweep(std::unique_lock<std::mutex>& lock) {
  const Clock::time_point now = Clock::now();
  Clock::time_point next = Clock::time_point::max();
  std::vector<std::shared_ptr<Pending>> late;
  for (Connection& connection : open_) {
    if (connection.deadline > now) {
      next = std::min(next, connection.deadline);
      continue;
    }
    connection.deadline = Clock::time_point::max();
    if (connection.phase == Phase::gathering) {
      late.push_back(std::move(connection.pending));
    } else {
      // The server sees an end of stream and closes; the descriptor cannot have been reused, closed() comes first.
      shutdown(connection.fd, SHUT_RDWR);
    }
  }
  next_ = next;
  lock.unlock();
  for (const auto& pending : late) pending->settle(too_late());
  lock.lock();
  return next_;
}

void Connections::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    const Clock::time_point next = sweep(lock);
    if (stopped_) return;
    const Clock::time_point wake = std::max(next, Clock::now() + kShortestSleep);
    if (next == Clock::time_point::max()) {
      changed_.wait(lock, [this] { return stopped_ || next_ != Clock::time_point::max(); });
    } else {
      changed_.wait_until(lock, wake, [this, next] { return stopped_ || next_ < next; });
    }
  }
}

}  // namespace weir
