#include "weir/log.h"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace weir {
namespace {

// Constant-initialized, so a line logged before main, or by a signal handler, finds them ready.
constinit std::atomic<LogSink> sink_now{nullptr};
constinit std::atomic<LogLevel> level_now{LogLevel::info};
static_assert(std::atomic<LogSink>::is_always_lock_free && std::atomic<LogLevel>::is_always_lock_free);

std::string_view prefix(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 4> kPrefixes{
      "weir: debug: ", "weir: info: ", "weir: warning: ", "weir: error: "};
  return kPrefixes[static_cast<std::size_t>(level) & 3];
}

iovec part(std::string_view text) noexcept { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

LogSink set_log_sink(LogSink sink) noexcept {
  // Pairs with the acquire in log_line: what the program prepared for its sink is seen by the thread that calls it.
  return sink_now.exchange(sink, std::memory_order_acq_rel);
}

// Relaxed: nothing is published through the level.
void set_log_level(LogLevel level) noexcept { level_now.store(level, std::memory_order_relaxed); }

void stderr_log_sink(LogLevel level, std::string_view line) noexcept {
  // One writev, no buffer: lines of several threads and processes do not mix, nothing allocates, a signal handler may
  // log.
  const std::array<iovec, 3> parts{part(prefix(level)), part(line), part("\n")};
  const int saved = errno;
  while (::writev(STDERR_FILENO, parts.data(), static_cast<int>(parts.size())) < 0 && errno == EINTR) {
  }
  errno = saved;
}

void log_line(LogLevel level, std::string_view line) noexcept {
  if (level < level_now.load(std::memory_order_relaxed)) return;
  const LogSink sink = sink_now.load(std::memory_order_acquire);  // pairs with set_log_sink
  if (sink != nullptr) sink(level, line);
}

}  // namespace weir
