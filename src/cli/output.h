// Standard output, written whole or with an error: a closed pipe and a full disk are not silence.
#pragma once

#include <string_view>

namespace weir::cli {

/// Writes everything. Throws StorageError naming standard output and the system's reason. SIGPIPE must be ignored.
void write_out(std::string_view text);

}  // namespace weir::cli
