// A way to a server that a test can spoil: it passes bytes on, or holds them back, or cuts the line.
//
//   TcpProxy proxy(server.port());
//   proxy.on_reply(TcpProxy::Then::cut);                           // the next reply never arrives; the request did
//   proxy.cut_all();
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

namespace weir::for_test {

class TcpProxy {
 public:
  enum class Then { pass, cut, hold };

  explicit TcpProxy(std::uint16_t target) : target_(target) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) {
      throw std::runtime_error("the proxy cannot listen");
    }
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TcpProxy() {
    is_over_ = true;
    thread_.join();
    cut();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }
  /// What becomes of bytes from the server. `cut` closes both sides when some arrive, once; then they pass again.
  void on_reply(Then then) { on_reply_ = then; }
  /// Cuts all lines there are; returns when it is done.
  void cut_all() {
    cut_now_ = true;
    while (cut_now_) ::usleep(1000);
  }
  /// Lines accepted so far.
  int accepted() const { return accepted_; }

 private:
  struct Line {
    int client;
    int server;
    bool is_open = true;
  };
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  void run() {
    while (!is_over_) {
      if (cut_now_) {
        cut();
        cut_now_ = false;
      }
      std::vector<pollfd> entries{{listener_, POLLIN, 0}};
      const short replies = on_reply_ == Then::hold ? 0 : POLLIN;
      for (const Line& line : lines_) {
        entries.push_back({line.client, POLLIN, 0});
        entries.push_back({line.server, replies, 0});
      }
      if (::poll(entries.data(), entries.size(), 5) <= 0) continue;
      for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (entries[1 + 2 * i].revents != 0) pass(lines_[i], lines_[i].client, lines_[i].server);
        if (lines_[i].is_open && (entries[2 + 2 * i].revents & (replies | POLLHUP | POLLERR)) != 0) answer(lines_[i]);
      }
      std::erase_if(lines_, [](const Line& line) { return !line.is_open; });
      if (entries[0].revents != 0) accept_one();
    }
  }
  void accept_one() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(target_);
    Line line{client, server};
    ++accepted_;
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close_line(line);
    } else {
      lines_.push_back(line);
    }
  }
  void answer(Line& line) {
    if (on_reply_ == Then::cut) {
      on_reply_ = Then::pass;
      close_line(line);
    } else {
      pass(line, line.server, line.client);
    }
  }
  static void pass(Line& line, int from, int to) {
    char piece[65536];
    const ssize_t size = ::recv(from, piece, sizeof piece, 0);
    ssize_t sent = 0;
    while (sent < size) {
      const ssize_t more = ::send(to, piece + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
      if (more <= 0) break;
      sent += more;
    }
    if (size <= 0 || sent < size) close_line(line);
  }
  static void close_line(Line& line) {
    ::close(line.client);
    ::close(line.server);
    line.is_open = false;
  }
  void cut() {
    for (Line& line : lines_) close_line(line);
    lines_.clear();
  }

  const std::uint16_t target_;
  const int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  std::vector<Line> lines_;  // of the thread
  std::atomic<Then> on_reply_{Then::pass};
  std::atomic<bool> cut_now_{false}, is_over_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

}  // namespace weir::for_test
