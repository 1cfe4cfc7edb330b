// An epoll set and a way to wake who waits on it.
//
// Thread safety: wake() from any thread, everything else from the one that waits.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

namespace weir {

class Epoll {
 public:
  /// What wake() is reported as; no other id may be it.
  static constexpr std::uint64_t kWoken = ~std::uint64_t{0};

  /// Throws StorageError when the system has no more descriptors.
  Epoll();
  ~Epoll();
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  /// False when the system refuses.
  bool add(int fd, std::uint32_t events, std::uint64_t id) noexcept;
  void change(int fd, std::uint32_t events, std::uint64_t id) noexcept;
  void remove(int fd) noexcept;

  /// Level-triggered events, kWoken among them (already taken note of); none after the time. Valid until the next call.
  std::span<const epoll_event> wait(std::chrono::milliseconds at_most);
  void wake() noexcept;

 private:
  int fd_ = -1;
  int wake_fd_ = -1;
  std::array<epoll_event, 128> events_{};
};

}  // namespace weir
