#include "http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace weir::bench {

int connect_to(std::uint16_t port) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (made < 0 || connect(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }
  return made;
}

HttpClient::~HttpClient() { close(socket_); }

std::string_view HttpClient::scrape() {
  static constexpr std::string_view kRequest = "GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n";
  static constexpr std::string_view kLength = "Content-Length: ";
  if (send(socket_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send");
  if (bytes_.size() < 65536) bytes_.resize(65536);
  std::size_t have = 0;
  std::size_t body_at = 0;
  std::size_t want = 1;
  while (have < want) {
    const ssize_t got = recv(socket_, bytes_.data() + have, bytes_.size() - have, 0);
    if (got <= 0) throw std::runtime_error("the server closed");
    have += static_cast<std::size_t>(got);
    if (body_at == 0) {
      const std::string_view head = std::string_view(bytes_).substr(0, have);
      const std::size_t end = head.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        want = have + 1;
        continue;
      }
      const std::size_t length = head.find(kLength);
      if (!head.starts_with("HTTP/1.1 200") || length > end) throw std::runtime_error(std::string(head.substr(0, end)));
      body_at = end + 4;
      want = body_at + std::strtoul(bytes_.data() + length + kLength.size(), nullptr, 10);
      if (bytes_.size() < want) bytes_.resize(want);
    }
  }
  return std::string_view(bytes_).substr(body_at, want - body_at);
}

}  // namespace weir::bench
