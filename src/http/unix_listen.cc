#include "http/unix_listen.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr mode_t kOwnerAndGroup = 0660;

[[noreturn]] void refuse_path(const std::string& path, std::string_view why) {
  throw StorageError(fmt::format("cannot listen on unix:{}: {}", printable(path), why));
}

/// Whether nobody listens behind a socket's file.
bool is_abandoned(const sockaddr_un& at) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const bool refused = connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

}  // namespace

FileIdentity file_at(const std::string& path) {
  struct stat there {};
  if (lstat(path.c_str(), &there) != 0) return {};
  return {there.st_dev, there.st_ino};
}

void leave_path(const std::string& path, const FileIdentity& made) {
  if (file_at(path) == made) unlink(path.c_str());
}

int listen_at_path(const std::string& path, int backlog) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) {
    refuse_path(path,
                fmt::format("the path has {} bytes; a Unix socket's may have {}", path.size(), sizeof at.sun_path - 1));
  }
  std::memcpy(at.sun_path, path.c_str(), path.size());
  struct stat there {};
  if (lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) refuse_path(path, "there is a file that is no socket; choose another path");
    if (!is_abandoned(at)) refuse_path(path, "another process listens there; choose another path");
    unlink(path.c_str());
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  // The mode comes before listen(): nobody can connect to a socket that is open to more than it should be.
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
      chmod(path.c_str(), kOwnerAndGroup) == 0 && listen(fd, backlog) == 0) {
    return fd;
  }
  const int error = errno;
  if (fd >= 0) close(fd);
  const std::string words = std::generic_category().message(error);
  refuse_path(path, error == ENOENT ? words + "; make the socket's directory first" : words);
}

int inherited_listener(int fd) {
  int listens = 0;
  int type = 0;
  socklen_t size = sizeof listens;
  const bool good = getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
                    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
  if (!good) {
    throw ConfigError(
        fmt::format("listen address \"fd:{}\": descriptor {} is no listening stream socket; with systemd, "
                    "write ListenStream= and Accept=no",
                    fd, fd));
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

}  // namespace weir
