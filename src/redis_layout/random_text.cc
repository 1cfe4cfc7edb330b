#include "redis_layout/random_text.h"

#include <sys/random.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>

#include <fmt/format.h>

namespace weir {

std::string random_text() {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof random)) {
    // A machine that has just started: time and pid are what tells this process from others.
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    random = static_cast<std::uint64_t>(now) * 0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(::getpid());
  }
  return fmt::format("{:016x}", random);
}

}  // namespace weir
