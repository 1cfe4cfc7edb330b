#include "redis/open_sockets.h"

#include <pthread.h>
#include <unistd.h>

namespace weir {
namespace {

constinit OpenSockets g_sockets;

}  // namespace

// Relaxed, all: a child's only thread is a copy of the one that forked, and no entry publishes anything.
OpenSockets::Entry OpenSockets::add(int fd) noexcept {
  const std::uint64_t serial = serial_.fetch_add(1, std::memory_order_relaxed) + std::uint64_t{1};
  const Entry entry = serial << 32 | static_cast<std::uint32_t>(fd);
  for (std::atomic<Entry>& place : entries_) {
    Entry none = kNone;
    if (place.compare_exchange_strong(none, entry, std::memory_order_relaxed)) return entry;
  }
  return kNone;
}

bool OpenSockets::remove(Entry entry) noexcept {
  if (entry == kNone) return true;
  for (std::atomic<Entry>& place : entries_) {
    Entry expected = entry;
    if (place.compare_exchange_strong(expected, kNone, std::memory_order_relaxed)) return true;
  }
  return false;
}

void OpenSockets::close_all() noexcept {
  for (std::atomic<Entry>& place : entries_) {
    const Entry entry = place.exchange(kNone, std::memory_order_relaxed);
    if (entry != kNone) ::close(static_cast<int>(entry & 0xFFFFFFFFU));
  }
}

// pthread_once, as in setup_lock.cc: registering twice, in a child forked in the middle, is harmless. Without memory
// for the handler a child closes its copies when it meets them.
OpenSockets& open_sockets() noexcept {
  static constinit pthread_once_t once = PTHREAD_ONCE_INIT;
  ::pthread_once(&once, [] { ::pthread_atfork(nullptr, nullptr, [] { g_sockets.close_all(); }); });
  return g_sockets;
}

}  // namespace weir
