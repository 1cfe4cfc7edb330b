#include "http/tls_relay.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr std::chrono::milliseconds kLookAtBlocked{250};
constexpr std::chrono::hours kLong{1};

}  // namespace

TlsRelay::TlsRelay(std::function<void(const std::string& address)> gone, std::chrono::milliseconds read_timeout)
    : gone_(std::move(gone)), read_timeout_(read_timeout), thread_([this] { run(); }) {}

TlsRelay::~TlsRelay() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  epoll_.wake();
  thread_.join();
}

void TlsRelay::take(std::unique_ptr<RelayedConnection> connection, std::string address) {
  {
    const std::lock_guard lock(mutex_);
    incoming_.push_back({std::move(connection), std::move(address)});
    ++open_;
  }
  epoll_.wake();
}

void TlsRelay::wait_until_empty(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  empty_.wait_for(lock, at_most, [this] { return open_ == 0; });
}

void TlsRelay::run() {
  while (true) {
    const auto at_most = blocked_.empty() ? std::chrono::milliseconds(kLong) : kLookAtBlocked;
    for (const epoll_event& event : epoll_.wait(at_most)) {
      if (event.data.u64 == Epoll::kWoken) continue;
      // An earlier event of the same call may have ended it.
      const auto at = entries_.find(event.data.u64);
      if (at != entries_.end()) serve(at);
    }
    cut_blocked();
    take_incoming();
    const std::lock_guard lock(mutex_);
    if (stopped_) break;
  }
  while (!entries_.empty()) end(entries_.begin());
}

void TlsRelay::take_incoming() {
  std::vector<Entry> incoming;
  {
    const std::lock_guard lock(mutex_);
    incoming.swap(incoming_);
  }
  for (Entry& one : incoming) serve(entries_.emplace(next_id_++, std::move(one)).first);
}

void TlsRelay::serve(Entries::iterator at) {
  auto& [id, entry] = *at;
  if (!entry.connection->pump(scratch_)) {
    end(at);
    return;
  }
  follow(entry.connection->client_fd(), entry.connection->client_events(), entry.client_events, id);
  follow(entry.connection->plain_fd(), entry.connection->plain_events(), entry.plain_events, id);
  if (entry.connection->is_blocked()) {
    blocked_.try_emplace(id, Clock::now() + read_timeout_);
  } else {
    blocked_.erase(id);
  }
}

void TlsRelay::end(Entries::iterator at) {
  const std::string address = std::move(at->second.address);
  blocked_.erase(at->first);
  // Taken out of the epoll set by name: closing does not, where a forked child has the sockets too.
  follow(at->second.connection->client_fd(), 0, at->second.client_events, at->first);
  follow(at->second.connection->plain_fd(), 0, at->second.plain_events, at->first);
  entries_.erase(at);
  gone_(address);
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) empty_.notify_all();
}

void TlsRelay::cut_blocked() {
  if (blocked_.empty()) return;
  const Clock::time_point now = Clock::now();
  std::vector<std::uint64_t> late;
  for (const auto& [id, deadline] : blocked_) {
    if (deadline <= now) late.push_back(id);
  }
  for (const std::uint64_t id : late) end(entries_.find(id));
}

void TlsRelay::follow(int fd, std::uint32_t wanted, std::uint32_t& have, std::uint64_t id) {
  if (wanted == have) return;
  // One that waits for nothing is taken out: a hang-up would be reported over and over.
  if (wanted == 0) {
    epoll_.remove(fd);
  } else if (have != 0) {
    epoll_.change(fd, wanted, id);
  } else if (!epoll_.add(fd, wanted, id)) {
    return;  // no memory: the deadlines end it
  }
  have = wanted;
}

}  // namespace weir
