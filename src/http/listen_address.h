// Where an exporter listens, and the socket that comes of it.
//
//   ListenSocket socket{parse_listen_address("127.0.0.1:9091")};
//
//   127.0.0.1:9091   localhost:9091   [::1]:9091      that address only
//   :9091                                             every interface, IPv6 and IPv4, as Go's servers read it
//   unix:/run/weir/metrics.sock                       a Unix socket for its owner and group (mode 0660)
//   fd:3                                              a socket that listens already: systemd's socket activation
//
// Thread safety: values.
// Process safety: the socket is close-on-exec. A Unix socket's file that a killed process left behind is replaced, one
// that is listened on is not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/unix_listen.h"

namespace weir {

struct ListenAddress {
  std::string host{};  ///< a name or an address without brackets; empty: every interface
  std::uint16_t port = 0;
  std::string unix_path{};  ///< absolute; not empty: host and port say nothing
  int inherited_fd = -1;    ///< 0 or more: nothing else says anything
};

/// Throws ConfigError naming the text and the forms that are right. Does not look names up.
ListenAddress parse_listen_address(std::string_view text);

/// A listening stream socket.
class ListenSocket {
 public:
  /// Binds and listens. Throws ConfigError when the host is not found, StorageError when the port or path cannot be
  /// had; both name it.
  explicit ListenSocket(const ListenAddress& address);
  ~ListenSocket();
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;

  int fd() const noexcept { return fd_; }
  /// The port really bound; 0 for a Unix socket.
  std::uint16_t port() const noexcept { return port_; }
  /// From here on connecting is refused; the descriptor stays open until destruction. (An inherited socket is left as
  /// it is: who made it listens on.)
  void refuse() noexcept;

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
  bool is_inherited_ = false;
  std::string path_;  ///< of a Unix socket this one made: removed at the end, unless another has taken its place
  FileIdentity file_;
};

}  // namespace weir
