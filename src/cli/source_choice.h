// Which metrics a subcommand reads: `--dir` or `--redis`, else what the environment names.
//
//   ChosenSource chosen = chosen_source(arguments.source);
//   std::shared_ptr<const Collection> collection = chosen.source->collect();
//
// Thread safety: reads the environment; call before threads start.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "weir/snapshot.h"
#include "weir/writers.h"

namespace weir::cli {

/// Empty is not given.
struct SourceArguments {
  std::string dir;
  std::string redis;  ///< a URL without password
  std::string key_prefix;
  std::string layout;  ///< `per-process`, `shared` or `auto`
  std::string redis_password_file;
  std::string url;   ///< of an exposition; no subcommand that changes anything has it
  std::string fold;  ///< of a directory, in the background: `auto`, `weir`, `all` or `off`; empty: no thread
};

struct ChosenSource {
  std::unique_ptr<Source> source;
  std::unique_ptr<Source> backend;  ///< what reading met, for /backend; reads `source`
  std::string fault;                ///< why nothing is there yet, as far as it can be told before reading; else empty
  std::string who_writes;           ///< for people who find nothing: `processes started with …`
  std::unique_ptr<WriterView> writers;  ///< for the page; null: not known
  /// Asks the server once, for seconds where it is out of reach: why it does not answer, or empty. Null: no server.
  /// Throws nothing; any thread may call it.
  std::function<std::string()> asked_once{};
};

/// `--url`; `--dir`; `--redis`; Redis where REDIS_ENABLED says so; the environment's directory. Throws ConfigError with
/// the next step when there is none, or when arguments contradict each other.
ChosenSource chosen_source(const SourceArguments& arguments);

/// True where chosen_source() would read a Redis. Throws ConfigError when arguments contradict each other.
bool reads_redis(const SourceArguments& arguments);

/// The directory given, else PROMETHEUS_MULTIPROC_DIR, else (with a warning) prometheus_multiproc_dir. Throws
/// ConfigError with the next step when there is none, a Redis too where that would do. The directory need not exist.
std::filesystem::path chosen_directory(const std::string& dir_argument, bool redis_would_do = true);

/// Names what was left out, a line each on standard error.
void report_problems(const Collection& collection);

/// True when there were problems and not one series.
bool nothing_could_be_read(const Collection& collection);

}  // namespace weir::cli
