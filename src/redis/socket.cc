#include "redis/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace weir {

bool wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<long long>(left, 0, 3'600'000)));
    if (ready > 0) return true;  // POLLERR and POLLHUP too: the next try to send or receive says what it is
    if (ready < 0 && errno != EINTR) return true;
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline) return false;
  }
}

std::string system_words(int error) { return std::generic_category().message(error); }

namespace {

int above_standard_streams(int fd) noexcept {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const int higher = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(fd);
  errno = error;
  return higher;
}

}  // namespace

Socket::Socket(int fd) noexcept : fd_(above_standard_streams(fd)) {
  if (fd_ >= 0) entry_ = open_sockets().add(fd_);
}

IoResult Socket::send(std::string_view bytes) noexcept {
  for (;;) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return {IoResult::Kind::done, static_cast<std::size_t>(sent)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::Kind::wait_to_write};
    return {IoResult::Kind::failed, 0, system_words(errno)};
  }
}

IoResult Socket::receive(std::span<char> into) noexcept {
  for (;;) {
    const ssize_t received = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    if (received > 0) return {IoResult::Kind::done, static_cast<std::size_t>(received)};
    if (received == 0) return {IoResult::Kind::closed, 0, "the server closed the connection"};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::Kind::wait_to_read};
    return {IoResult::Kind::failed, 0, system_words(errno)};
  }
}

bool Socket::is_quiet() const noexcept {
  char byte;
  return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Socket::close() noexcept {
  if (fd_ >= 0 && open_sockets().remove(entry_)) ::close(fd_);  // never again after EINTR: Linux has closed it then
  fd_ = -1;
}

}  // namespace weir
