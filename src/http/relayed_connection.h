// One TLS client and its plain socket into the HTTP server, and what is on its way between them.
//
//   client ──TLS── session ──> to_server (16 KiB at most) ──> plain socket ── HTTP server
//                          <── to_client (16 KiB at most) <──
//
// Neither direction reads on while its buffer holds something: a slow reader costs two buffers and what the plain
// socket holds in the kernel. An idle connection holds no buffer. The server's end closing is the answer's end: what is
// on its way is sent, then it is over.
//
// Thread safety: one thread at a time. It must block SIGPIPE.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "http/tls_session.h"

namespace weir {

class RelayedConnection {
 public:
  /// Takes the socket, which does not block.
  RelayedConnection(std::unique_ptr<ServerTlsSession> session, int plain_fd);
  ~RelayedConnection();
  RelayedConnection(const RelayedConnection&) = delete;
  RelayedConnection& operator=(const RelayedConnection&) = delete;

  /// Moves what can be moved without waiting, a bounded amount at a time; false: the connection is over. `scratch` has
  /// 16 KiB or more.
  bool pump(std::span<char> scratch);

  int client_fd() const noexcept { return session_->fd(); }
  int plain_fd() const noexcept { return plain_fd_; }
  /// The epoll events each end waits for now; 0: none, also no hang-up.
  std::uint32_t client_events() const noexcept;
  std::uint32_t plain_events() const noexcept;
  /// The client has not read what was sent before.
  bool is_blocked() const noexcept { return !to_client_.empty(); }

 private:
  bool move_in(std::span<char> scratch);
  bool move_out(std::span<char> scratch);
  /// False when the server's end takes no more now.
  bool flush_to_server();
  /// Whatever of `bytes` does not go now stays in to_client_.
  bool send_to_client(std::span<const char> bytes);

  const std::unique_ptr<ServerTlsSession> session_;
  const int plain_fd_;
  std::string to_server_;
  std::string to_client_;
  bool client_ended_ = false;
  bool tls_wants_write_ = false;
};

}  // namespace weir
