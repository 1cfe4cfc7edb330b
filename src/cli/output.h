// Standard output, written whole or with an error (a closed pipe and a full disk are not silence); and standard error,
// which has nobody to complain to.
//
// Thread safety: pure functions over the system.
#pragma once

#include <string_view>

namespace weir::cli {

/// Writes everything. Throws StorageError naming standard output and the system's reason. SIGPIPE must be ignored.
void write_out(std::string_view text);

/// Writes as much as can be: who closes standard error, or fills its disk, hears less and gets the same exit code.
void write_error(std::string_view text) noexcept;

/// Before anything is opened: a standard descriptor that is closed becomes one to /dev/null, or the next file opened, a
/// folded archive even, would have its number and get what is printed. Reading and writing output fail as before.
void open_standard_descriptors() noexcept;

}  // namespace weir::cli
