#include "config/environment.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
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
  const auto refuse_file = [&](std::string_view why) {
    throw ConfigError(
        fmt::format("{}={}: {}; it must be a readable file with the password alone", named_by, printable(path), why));
  };
  // Not blocking: a FIFO by mistake must not hang the start.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(fd < 0 ? nullptr : ::fdopen(fd, "rb"), &std::fclose);
  if (file == nullptr) refuse_file(std::generic_category().message(errno));
  struct stat about {};
  if (::fstat(fd, &about) != 0) refuse_file(std::generic_category().message(errno));
  if (S_ISDIR(about.st_mode)) refuse_file("it is a directory");
  if (!S_ISREG(about.st_mode)) refuse_file("it is no regular file");
  std::string content(kLargestSecret + 1, '\0');
  errno = 0;
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  if (std::ferror(file.get()) != 0) refuse_file(std::generic_category().message(errno));
  if (content.size() > kLargestSecret) refuse_file("it is larger than 64 KiB");
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
