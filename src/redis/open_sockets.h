// The sockets this process has open, so that a forked child closes its copies at once, while fork() still runs.
//
//   const OpenSockets::Entry entry = open_sockets().add(fd);
//   if (open_sockets().remove(entry)) ::close(fd);
//
// Later is too late: a daemon closes all it inherited and opens files of its own, and then the number is one of theirs.
// Whoever finds more than kMost sockets open has some that a child keeps; those are closed when they are met.
//
// Thread safety: any thread, without a lock. Process safety: a child of fork() starts with none; children of _Fork and
// clone, which run no fork handlers, keep copies until they use Redis. Invariants: I7.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weir {

class OpenSockets {
 public:
  static constexpr std::size_t kMost = 256;
  /// One socket, told from all that have its descriptor later.
  using Entry = std::uint64_t;
  static constexpr Entry kNone = 0;

  /// kNone when there is no room.
  Entry add(int fd) noexcept;
  /// False when a fork has closed it: its number is somebody else's now. True of kNone.
  bool remove(Entry entry) noexcept;
  /// In a forked child. Async-signal-safe.
  void close_all() noexcept;

 private:
  std::array<std::atomic<Entry>, kMost> entries_{};  // a serial number, and the descriptor below it
  std::atomic<std::uint32_t> serial_{0};
};

/// The process's; from the first call on, forked children close what is in it.
OpenSockets& open_sockets() noexcept;

}  // namespace weir
