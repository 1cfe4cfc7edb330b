// RLIMIT_FSIZE, asked before it is met: writing beyond it raises SIGXFSZ, which ends a program that never thought of
// it. Here it is an error like a full disk.
//
// Thread safety: any thread; async-signal-safe.
#pragma once

#include <cstddef>

namespace weir {

/// 0, or EFBIG when a file of this process must not have `size` bytes.
int check_size_limit(std::size_t size) noexcept;

}  // namespace weir
