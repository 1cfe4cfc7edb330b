#include "http/epoll.h"

#include <fmt/core.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "weir/error.h"

namespace weir {

Epoll::Epoll() : fd_(epoll_create1(EPOLL_CLOEXEC)), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ >= 0 && wake_fd_ >= 0 && add(wake_fd_, EPOLLIN, kWoken)) return;
  const int error = errno;
  if (fd_ >= 0) close(fd_);
  if (wake_fd_ >= 0) close(wake_fd_);
  throw StorageError(fmt::format("cannot make an epoll set: {}", std::generic_category().message(error)));
}

Epoll::~Epoll() {
  close(wake_fd_);
  close(fd_);
}

bool Epoll::add(int fd, std::uint32_t events, std::uint64_t id) noexcept {
  epoll_event event{events, {.u64 = id}};
  return epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Epoll::change(int fd, std::uint32_t events, std::uint64_t id) noexcept {
  epoll_event event{events, {.u64 = id}};
  epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event);
}

void Epoll::remove(int fd) noexcept { epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr); }

std::span<const epoll_event> Epoll::wait(std::chrono::milliseconds at_most) {
  const auto most = static_cast<int>(std::clamp<std::int64_t>(at_most.count(), 0, INT_MAX));
  const int count = epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), most);
  const std::span<const epoll_event> met(events_.data(), static_cast<std::size_t>(std::max(count, 0)));
  for (const epoll_event& event : met) {
    std::uint64_t times = 0;
    if (event.data.u64 == kWoken && read(wake_fd_, &times, sizeof times) < 0) continue;  // somebody else's read: fine
  }
  return met;
}

void Epoll::wake() noexcept {
  const std::uint64_t once = 1;
  // Only a full counter fails, and that one wakes.
  if (write(wake_fd_, &once, sizeof once) < 0) return;
}

}  // namespace weir
