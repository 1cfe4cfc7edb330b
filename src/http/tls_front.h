// The TLS server in front of the HTTP server: accepts, shakes hands, and hands on what is then a plain connection.
//
//   accept ─> handshake (this thread) ─> socket pair ─┬─> TlsRelay's thread: client <-TLS-> one end
//                                                     └─> adopt: the other end, to the HTTP server
//
// The HTTP server's threads never see TLS: handshakes that take long, or never end, cost them nothing. (libmicrohttpd's
// own TLS shakes hands on its event threads, takes client authorities once at the start and knows GnuTLS's ciphers
// only.)
//
// Thread safety: every member may be called from any thread; hooks are called from the front's threads.
// Invariants: I4 (connections, handshakes among them, are bounded in number and time).
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "http/address_counts.h"
#include "http/epoll.h"
#include "http/tls_relay.h"
#include "http/tls_session.h"

namespace weir {

class TlsFront {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limits {
    std::size_t connections;
    std::chrono::milliseconds handshake;
    std::chrono::milliseconds response;
  };
  struct Hooks {
    /// What new connections get.
    std::function<std::shared_ptr<const ServerTls>()> tls;
    /// Takes over a socket whose bytes are the client's at `address`; false: it is closed already.
    std::function<bool(int fd, const sockaddr* address, socklen_t size)> adopt;
    /// Counts what was turned away; the words are constants.
    std::function<void(const char* reason)> rejected;
  };

  /// `listen_fd` does not block; it and `addresses` must outlive the front.
  TlsFront(int listen_fd, Limits limits, AddressCounts& addresses, Hooks hooks);
  /// Cuts what is left.
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  /// Accepts no more and drops handshakes; returns when that thread has ended.
  void stop_accepting();
  /// Waits for clients to read what was sent; call it once the HTTP server has closed its ends.
  void finish(std::chrono::milliseconds at_most) { relay_.wait_until_empty(at_most); }

 private:
  struct Handshake {
    std::unique_ptr<ServerTlsSession> session;
    sockaddr_storage address{};
    socklen_t address_size = 0;
    std::string address_text;
    Clock::time_point deadline;
    std::uint32_t events = 0;
    bool has_failed = false;  ///< counted, and the client told; it may read that until the deadline
  };
  using Handshakes = std::map<std::uint64_t, Handshake>;

  void run();
  void accept_some();
  bool accept_one();
  void begin(int fd, const sockaddr_storage& address, socklen_t size, std::string text);
  void go_on(Handshakes::iterator at);
  void hand_on(Handshakes::iterator at);
  void fail(Handshakes::iterator at);
  void drop(Handshakes::iterator at, const char* reason);
  void drop_late();
  std::chrono::milliseconds time_to_next_deadline() const;
  void gone(const std::string& address);

  // constant after construction
  const int listen_fd_;
  const Limits limits_;
  AddressCounts& addresses_;
  const Hooks hooks_;

  std::atomic<std::size_t> open_{0};  // relaxed: a limit, nothing is published through it
  std::atomic<bool> stopped_{false};  // relaxed: the wake-up behind it orders
  TlsRelay relay_;
  Epoll epoll_;
  // the thread's
  Handshakes handshakes_;  ///< by age: the ids grow
  std::uint64_t next_id_ = 1;
  bool is_paused_ = false;  ///< out of descriptors: accepts no more for a moment
  std::thread thread_;
};

}  // namespace weir
