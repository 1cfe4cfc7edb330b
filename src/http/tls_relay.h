// The thread that carries established TLS connections: bytes between each client and its socket into the HTTP server.
//
// Handshakes are another thread's (tls_front.h): the time they take is not the scrapers'.
//
// Thread safety: every member may be called from any thread.
// Invariants: I4 (memory a connection is bounded; a client that reads nothing is cut).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/epoll.h"
#include "http/relayed_connection.h"

namespace weir {

class TlsRelay {
 public:
  using Clock = std::chrono::steady_clock;

  /// `gone` is called from the thread for each connection that ends, with its address. A client that takes longer than
  /// `read_timeout` for 16 KiB is cut.
  TlsRelay(std::function<void(const std::string& address)> gone, std::chrono::milliseconds read_timeout);
  /// Cuts what is left.
  ~TlsRelay();
  TlsRelay(const TlsRelay&) = delete;
  TlsRelay& operator=(const TlsRelay&) = delete;

  void take(std::unique_ptr<RelayedConnection> connection, std::string address);
  /// Returns when no connection is left, or after the time.
  void wait_until_empty(std::chrono::milliseconds at_most);

 private:
  struct Entry {
    std::unique_ptr<RelayedConnection> connection;
    std::string address;
    std::uint32_t client_events = 0;  ///< as the epoll set has them
    std::uint32_t plain_events = 0;
  };
  using Entries = std::map<std::uint64_t, Entry>;

  void run();
  void take_incoming();
  void serve(Entries::iterator at);
  void end(Entries::iterator at);
  void cut_blocked();
  void follow(int fd, std::uint32_t wanted, std::uint32_t& have, std::uint64_t id);

  const std::function<void(const std::string&)> gone_;
  const std::chrono::milliseconds read_timeout_;
  Epoll epoll_;
  // the thread's
  std::array<char, 16 * 1024> scratch_{};
  Entries entries_;
  std::map<std::uint64_t, Clock::time_point> blocked_;  ///< when a client must have read its 16 KiB
  std::uint64_t next_id_ = 0;

  std::mutex mutex_;
  std::condition_variable empty_;
  std::vector<Entry> incoming_;  // guarded by mutex_
  std::size_t open_ = 0;         // guarded by mutex_; incoming ones included
  bool stopped_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace weir
