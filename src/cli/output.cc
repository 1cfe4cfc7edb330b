#include "cli/output.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

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

void write_error(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t wrote = write(STDERR_FILENO, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void open_standard_descriptors() noexcept {
  for (const auto& [fd, mode] :
       {std::pair{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}}) {
    if (fcntl(fd, F_GETFD) < 0) static_cast<void>(open("/dev/null", mode));  // the lowest that is free: fd
  }
}

}  // namespace weir::cli
