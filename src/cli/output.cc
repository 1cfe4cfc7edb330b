#include "cli/output.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "weir/error.h"

namespace weir::cli {

void write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(STDOUT_FILENO, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      throw StorageError(fmt::format("cannot write to standard output: {}", std::generic_category().message(errno)));
    }
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

}  // namespace weir::cli
