// Settings the environment makes, read in one way: empty counts as not set, and what cannot be used is a ConfigError.
//
//   const auto port = environment::integer("REDIS_PORT", 1, 65535).value_or(6379);
//   const bool on = environment::flag("REDIS_ENABLED");
//
// A message names the variable, its value and what would be right: `REDIS_PORT="70000": must be a whole number from 1
// to 65535`. The parse functions do the same for settings that come from elsewhere (a JSON file, an argument).
//
// Thread safety: as getenv: nothing of ours sets variables, and the program must not while others read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::environment {

/// Nothing where the variable is not set or empty.
std::optional<std::string> variable(const char* name);
/// `true`, `1`, `yes`, `on` in any case; false where it is not set.
bool flag(const char* name);
/// A whole number of the range, both ends in it.
std::optional<std::int64_t> integer(const char* name, std::int64_t least, std::int64_t most);
/// Seconds, such as `5` or `0.25`, to the millisecond.
std::optional<std::chrono::milliseconds> seconds(const char* name, std::chrono::milliseconds least,
                                                 std::chrono::milliseconds most);

/// PROMETHEUS_MULTIPROC_DIR, else prometheus_multiproc_dir (with a warning, once a process), else empty.
std::string multiprocess_directory();
/// The variable multiprocess_directory() takes its value from, for messages.
const char* multiprocess_directory_variable();

// The same rules for one value called `name` in messages.
bool parse_flag(std::string_view name, std::string_view value);
std::int64_t parse_integer(std::string_view name, std::string_view value, std::int64_t least, std::int64_t most);
std::chrono::milliseconds parse_seconds(std::string_view name, std::string_view value, std::chrono::milliseconds least,
                                        std::chrono::milliseconds most);

/// What a file with one secret holds, without the line end that editors leave. `named_by` is the variable or argument
/// that names it. A pipe is read to its end, and waited for 5 s at most. Throws ConfigError for a file that cannot be
/// read, is empty or is larger than 64 KiB; no message shows what is in it.
std::string secret_file(std::string_view named_by, const std::string& path);

/// The path of systemd's credential `name` (`LoadCredential=NAME:FILE`, `man systemd.exec`) where it is there; else
/// empty.
std::string credential(std::string_view name);

/// A secret: what the variable says; else what the file holds that the variable with `_FILE` behind it names; else what
/// systemd's credential holds; else empty. Throws as secret_file() does.
std::string secret(const char* variable_name, std::string_view credential_name);

}  // namespace weir::environment
