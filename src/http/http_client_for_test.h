// A raw HTTP client for the tests of this room: writes bytes, reads until the server closes or the response is whole.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace weir::test {

struct Response {
  int status = 0;  ///< 0: the server closed without a word
  std::string head;
  std::string body;
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int window = 64 * 1024;  // fixed, or the kernel would take in a whole body for a client that reads nothing
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
      close(fd_);
      throw std::runtime_error("connect failed");
    }
    const timeval limit{20, 0};  // a test that waits longer has failed
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False when the server no longer reads.
  bool write(std::string_view bytes) const {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// One response, as long as Content-Length says (none for HEAD).
  Response read(bool head_only = false) {
    Response out;
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return out;
    }
    out.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    out.status = std::atoi(out.head.c_str() + out.head.find(' '));
    const std::size_t at = out.head.find("Content-Length: ");
    const std::size_t length =
        at == std::string::npos || head_only ? 0 : std::strtoul(out.head.c_str() + at + 16, nullptr, 10);
    while (buffer_.size() < length && more()) {
    }
    out.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return out;
  }
  /// Waits until the first bytes of a response are here, and leaves them unread; false after the receive limit.
  bool is_answered() const {
    char byte;
    return recv(fd_, &byte, 1, MSG_PEEK) == 1;
  }
  /// True when the server closes (or resets) within the receive limit.
  bool is_closed() {
    while (more()) {
    }
    return closed_;
  }
  int fd() const { return fd_; }

 private:
  bool more() {
    char bytes[65536];
    const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
    if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno == ECONNRESET)) closed_ = true;
    return got > 0;
  }

  int fd_;
  std::string buffer_;
  bool closed_ = false;
};

inline Response fetch(std::uint16_t port, std::string_view target, std::string_view headers = "",
                      std::string_view method = "GET") {
  Client client(port);
  client.write(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" +
               std::string(headers) + "\r\n");
  return client.read(method == "HEAD");
}

}  // namespace weir::test
