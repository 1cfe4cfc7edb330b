#include "cli/systemd.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "config/environment.h"
#include "weir/error.h"

namespace weir::cli {

std::optional<std::string> systemd_listener() {
  const std::string pid = environment::variable("LISTEN_PID").value_or("");
  const std::string count = environment::variable("LISTEN_FDS").value_or("");
  // Variables of a parent are not meant for us.
  if (count.empty() || pid != std::to_string(getpid())) return {};
  if (count != "1") {
    throw ConfigError(fmt::format(
        "systemd hands over {} sockets; the exporter listens on one: write one Listen…= in its .socket unit", count));
  }
  return "fd:3";
}

void notify_systemd(std::string_view state) {
  const std::string path = environment::variable("NOTIFY_SOCKET").value_or("");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof to.sun_path) return;
  std::memcpy(to.sun_path, path.data(), path.size());
  if (path[0] == '@') to.sun_path[0] = '\0';  // the abstract namespace
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  static_cast<void>(sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size));
  close(fd);
}

}  // namespace weir::cli
