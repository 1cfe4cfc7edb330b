#include "cli/progress_line.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "cli/output.h"
#include "cli/text_table.h"
#include "model/printable.h"

namespace weir::cli {
namespace {

constexpr std::chrono::seconds kShownAfter{1};
constexpr std::chrono::milliseconds kBetweenLines{200};

}  // namespace

ProgressLine::ProgressLine(const std::string& what) : what_(in_one_line(what)) {
  if (isatty(STDERR_FILENO) == 1) thread_ = std::thread([this] { run(); });
}

void ProgressLine::tell(std::size_t done, std::size_t all) {
  const std::lock_guard lock(mutex_);
  done_ = done;
  all_ = all;
}

void ProgressLine::end() {
  {
    const std::lock_guard lock(mutex_);
    is_done_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ProgressLine::run() {
  const auto began = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (wake_.wait_for(lock, kShownAfter, [this] { return is_done_; })) return;
  do {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count();
    const std::string far = all_ > 0 ? fmt::format("{} of {}, ", done_, all_) : "";
    write_error(fmt::format("\r{}: {}{} s\x1b[K", what_, far, seconds));
  } while (!wake_.wait_for(lock, kBetweenLines, [this] { return is_done_; }));
  write_error("\r\x1b[K");
}

}  // namespace weir::cli
