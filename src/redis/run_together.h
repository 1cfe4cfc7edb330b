// Calls a function for several indices at once, on threads that live as long as the call.
//
//   run_together(parts.size(), [&](std::size_t i) { exchange(parts[i]); });
//
// The caller's thread works too, so one index costs no thread, and where the system refuses threads the work is done
// one after another. The threads take no signals: a program's handlers run on its own threads only.
//
// Thread safety: from any thread; `work` is called from several.
#pragma once

#include <cstddef>
#include <functional>

namespace weir {

/// Calls work(0) … work(count - 1), each once, and returns after the last. If one throws, the others are still called
/// and the first exception is thrown again here.
void run_together(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace weir
