// The time that stamps mostrecent values and exemplars: Unix seconds by the system clock, which all processes share.
//
// Thread safety: any thread, and signal handlers.
#pragma once

#include <chrono>

namespace weir {

inline double unix_now() noexcept {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace weir
