// Arbitrary bytes as what a client sends to the exporter: requests, several of them, or none.
//
// A real server on an abstract Unix socket, with a password; every input is one connection, closed for writing behind
// its bytes. Holds: nothing crashes or hangs; what comes back is whole HTTP responses and nothing beside them; metrics
// are shown to nobody who does not send the password.
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "http/sources_for_test.h"
#include "weir/exposer.h"

namespace {

using namespace weir;

// ada:secret at bcrypt's lowest cost, and how basic authentication spells it. (The last characters have spellings
// more.)
constexpr std::string_view kUsers =
    "basic_auth_users: {ada: $2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW}\n";
constexpr std::string_view kPassword = "YWRhOnNlY3Jld";
constexpr std::string_view kMetric = "treasure";
constexpr int kHang = 8'000;  // milliseconds

void require(bool holds) {
  if (!holds) std::abort();
}

class Server {
 public:
  Server() : source_({test::counter_family(std::string(kMetric), 7)}), listening_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un nameless{};
    nameless.sun_family = AF_UNIX;
    size_ = sizeof address_;
    // A name of the kernel's choice: no file stays behind.
    require(bind(listening_, reinterpret_cast<sockaddr*>(&nameless), sizeof nameless.sun_family) == 0);
    require(getsockname(listening_, reinterpret_cast<sockaddr*>(&address_), &size_) == 0);
    require(listen(listening_, 128) == 0);
    const int config = memfd_create("web.yml", 0);
    require(write(config, kUsers.data(), kUsers.size()) == static_cast<ssize_t>(kUsers.size()));
    ExposerOptions options{.listen = "fd:" + std::to_string(listening_),
                           .web_config_file = "/proc/self/fd/" + std::to_string(config)};
    // libmicrohttpd does not see an end that comes with the bytes before it: the deadline ends such connections.
    options.connection_timeout = std::chrono::milliseconds(5);
    exposer_ = std::make_unique<Exposer>(std::move(options), source_);
  }

  std::string answers_to(std::string_view bytes) const {
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    require(connect(client, reinterpret_cast<const sockaddr*>(&address_), size_) == 0);
    // Less than the socket holds: the server may close before it has read all.
    static_cast<void>(send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    shutdown(client, SHUT_WR);
    std::string all;
    std::array<char, 65536> some{};
    while (true) {
      pollfd ready{client, POLLIN, 0};
      const int is_ready = poll(&ready, 1, kHang);
      if (is_ready < 0 && errno == EINTR) continue;  // libFuzzer's alarm
      require(is_ready == 1);
      const ssize_t got = recv(client, some.data(), some.size(), MSG_DONTWAIT);
      if (got <= 0) break;
      all.append(some.data(), static_cast<std::size_t>(got));
    }
    close(client);
    return all;
  }

 private:
  test::FixedSource source_;
  int listening_;
  sockaddr_un address_{};
  socklen_t size_ = 0;
  std::unique_ptr<Exposer> exposer_;
};

std::size_t body_size(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = head.find(kName);
  require(at != head.npos && head.find(kName, at + 1) == head.npos);
  std::size_t size = 0;
  const char* digits = head.data() + at + kName.size();
  const auto [end, error] = std::from_chars(digits, head.data() + head.size(), size);
  require(error == std::errc{} && end != digits && *end == '\r');
  return size;
}

void check_answers(std::string_view rest) {
  while (!rest.empty()) {
    require(rest.starts_with("HTTP/1.") && rest.size() > 12);
    const std::string_view status = rest.substr(9, 3);
    const std::size_t end = rest.find("\r\n\r\n");
    require(end != rest.npos);
    const std::string_view head = rest.substr(0, end + 2);
    rest.remove_prefix(end + 4);
    if (status == "100") continue;
    const std::size_t size = status == "304" ? 0 : body_size(head);
    if (rest.empty() || rest.starts_with("HTTP/1.")) continue;  // of HEAD; no body begins like this
    require(rest.size() >= size);
    rest.remove_prefix(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Server server;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string answers = server.answers_to(text);
  check_answers(answers);
  require(answers.find(kMetric) == answers.npos || text.find(kPassword) != text.npos);
  return 0;
}
