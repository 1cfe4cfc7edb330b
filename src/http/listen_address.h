// Where an exporter listens: `HOST:PORT`, and the socket that comes of it.
//
//   ListenSocket socket{parse_listen_address("127.0.0.1:9091")};
//
//   127.0.0.1:9091   localhost:9091   [::1]:9091      that address only
//   :9091                                             every interface, IPv6 and IPv4, as Go's servers read it
//
// Thread safety: values.
// Process safety: the socket is close-on-exec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

struct ListenAddress {
  std::string host;  ///< a name or an address without brackets; empty: every interface
  std::uint16_t port = 0;
};

/// Throws ConfigError naming the text and the forms that are right. Does not look names up.
ListenAddress parse_listen_address(std::string_view text);

/// A listening TCP socket.
class ListenSocket {
 public:
  /// Binds and listens. Throws ConfigError when the host is not found, StorageError when the port cannot be had; both
  /// name it.
  explicit ListenSocket(const ListenAddress& address);
  ~ListenSocket();
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;

  int fd() const noexcept { return fd_; }
  /// The port really bound.
  std::uint16_t port() const noexcept { return port_; }
  /// From here on connecting is refused; the descriptor stays open until destruction.
  void refuse() noexcept;

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace weir
