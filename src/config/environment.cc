#include "config/environment.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "model/printable.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir::environment {
namespace {

constexpr const char* kDirectory = "PROMETHEUS_MULTIPROC_DIR";
constexpr const char* kOldDirectory = "prometheus_multiproc_dir";
constexpr std::size_t kLargestSecret = std::size_t{64} * 1024;

[[noreturn]] void refuse(std::string_view name, std::string_view value, std::string_view right) {
  throw ConfigError(fmt::format("{}={}: must be {}", name, printable(value), right));
}

/// The whole of `value` as a number.
template <typename Number>
std::optional<Number> number_of(std::string_view value) {
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return number;
}

double in_seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

/// Why a file could not be read whole; empty: it could. A pipe is read to its end (a shell's `<(pass show redis)`), but
/// not waited for longer than a moment: a FIFO by mistake must not hang the start.
std::string read_secret(const std::string& path, std::string& content) {
  constexpr int kPatience = 5000;  // ms
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::generic_category().message(errno);
  std::string fault;
  char part[4096];
  while (fault.empty()) {
    const ssize_t got = ::read(fd, part, sizeof part);
    if (got == 0) break;
    if (got > 0) {
      content.append(part, static_cast<std::size_t>(got));
      if (content.size() > kLargestSecret) fault = "it is larger than 64 KiB";
    } else if (errno == EAGAIN) {
      pollfd ready{fd, POLLIN, 0};
      if (::poll(&ready, 1, kPatience) == 0) fault = "nobody has written it within 5 s";
    } else if (errno != EINTR) {
      fault = std::generic_category().message(errno);
    }
  }
  ::close(fd);
  return fault;
}

}  // namespace

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing of ours sets it
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

bool flag(const char* name) {
  const auto value = variable(name);
  return value && parse_flag(name, *value);
}

std::optional<std::int64_t> integer(const char* name, std::int64_t least, std::int64_t most) {
  const auto value = variable(name);
  if (!value) return std::nullopt;
  return parse_integer(name, *value, least, most);
}

std::optional<std::chrono::milliseconds> seconds(const char* name, std::chrono::milliseconds least,
                                                 std::chrono::milliseconds most) {
  const auto value = variable(name);
  if (!value) return std::nullopt;
  return parse_seconds(name, *value, least, most);
}

std::string multiprocess_directory() {
  if (const auto directory = variable(kDirectory)) return *directory;
  const auto directory = variable(kOldDirectory);
  if (!directory) return "";
  static constinit std::atomic<bool> is_told{false};
  // relaxed: nothing is published through it, it only counts to one
  if (!is_told.exchange(true, std::memory_order_relaxed)) {
    log_line(LogLevel::warning, fmt::format("{} is deprecated, set {} instead", kOldDirectory, kDirectory));
  }
  return *directory;
}

const char* multiprocess_directory_variable() {
  return !variable(kDirectory) && variable(kOldDirectory) ? kOldDirectory : kDirectory;
}

bool parse_flag(std::string_view name, std::string_view value) {
  std::string text(value);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  refuse(name, value, "true, 1, yes or on, or else false, 0, no or off");
}

std::int64_t parse_integer(std::string_view name, std::string_view value, std::int64_t least, std::int64_t most) {
  const auto number = number_of<std::int64_t>(value);
  if (number && *number >= least && *number <= most) return *number;
  refuse(name, value, fmt::format("a whole number from {} to {}", least, most));
}

std::chrono::milliseconds parse_seconds(std::string_view name, std::string_view value, std::chrono::milliseconds least,
                                        std::chrono::milliseconds most) {
  const auto number = number_of<double>(value);
  // A NaN is in no range, an infinity in none of ours.
  if (number && *number >= in_seconds(least) && *number <= in_seconds(most)) {
    return std::chrono::milliseconds(std::llround(*number * 1000));
  }
  refuse(name, value, fmt::format("a number of seconds from {} to {}", in_seconds(least), in_seconds(most)));
}

std::string secret_file(std::string_view named_by, const std::string& path) {
  std::string content;
  const std::string fault = read_secret(path, content);
  const auto refuse_file = [&](std::string_view why) {
    throw ConfigError(
        fmt::format("{}={}: {}; it must be a readable file with the password alone", named_by, printable(path), why));
  };
  if (!fault.empty()) refuse_file(fault);
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  if (content.empty()) refuse_file("it is empty");
  return content;
}

std::string credential(std::string_view name) {
  const std::string folder = variable("CREDENTIALS_DIRECTORY").value_or("");
  if (folder.empty()) return {};
  std::string path = fmt::format("{}/{}", folder, name);
  return ::access(path.c_str(), F_OK) == 0 ? path : std::string();
}

std::string secret(const char* variable_name, std::string_view credential_name) {
  if (auto value = variable(variable_name)) return *std::move(value);
  const std::string file_variable = fmt::format("{}_FILE", variable_name);
  if (const auto path = variable(file_variable.c_str())) return secret_file(file_variable, *path);
  const std::string path = credential(credential_name);
  return path.empty() ? "" : secret_file(fmt::format("credential {}", credential_name), path);
}

}  // namespace weir::environment
