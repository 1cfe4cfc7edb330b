// The server's open connections, and the one thread that keeps their deadlines.
//
// A connection is in one of three phases, each with its own deadline:
//
//   waiting    for a whole request, from accept or the last response:   cut after connection_timeout
//   gathering  its answer is being made:                                settled with 503 at the request's own deadline
//   sending    the client reads the response:                           cut after response_timeout
//
// The deadlines are for a whole phase, not since the last byte (as libmicrohttpd's own timeout is): a client that sends
// or reads one byte a second is cut as well.
//
// Thread safety: every member may be called from any thread.
// Invariants: I4 (idle, half-open and slow clients cost a descriptor for a bounded time).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "http/ask.h"

namespace weir {

class Connections {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limits {
    std::size_t connections;
    std::chrono::milliseconds waiting;
    std::chrono::milliseconds sending;
  };
  /// An open connection; a plain pointer because the server's library carries it as one.
  struct Connection;

  explicit Connections(Limits limits);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// False when the limit is reached.
  bool has_room() const;
  /// `fd` stays the caller's; it must be open until closed(). `address` is the client's, as client_address() has it.
  Connection* opened(int fd, std::string address = {});
  void closed(Connection* connection);

  void waiting(Connection* connection);
  void gathering(Connection* connection, std::shared_ptr<Pending> pending);
  void sending(Connection* connection);

  std::size_t size() const;

 private:
  enum class Phase : std::uint8_t { waiting, gathering, sending };
  void enter(Connection* connection, Phase phase, Clock::time_point deadline, std::shared_ptr<Pending> pending);
  void run();
  /// Acts on what is due and returns the next deadline.
  Clock::time_point sweep(std::unique_lock<std::mutex>& lock);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Connection> open_;                         // guarded by mutex_
  Clock::time_point next_ = Clock::time_point::max();  // guarded by mutex_; when the thread wakes
  bool stopped_ = false;                               // guarded by mutex_
  std::thread thread_;
};

struct Connections::Connection {
  int fd = -1;
  std::string address;            ///< constant
  const char* uri_end = nullptr;  ///< of the request being read, in the library's buffer; on its event thread alone
  Phase phase = Phase::waiting;
  Clock::time_point deadline;
  std::shared_ptr<Pending> pending;
  std::list<Connection>::iterator self;
};

}  // namespace weir
