#include "cli/fold.h"

#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/redis_source.h"
#include "cli/source_choice.h"
#include "cli/source_options.h"
#include "cli/text_table.h"
#include "model/printable.h"
#include "weir/error.h"
#include "weir/fold.h"

namespace weir::cli {

constexpr const char* kFoldHelp = R"(Examples:
  weir fold --dir /run/app/metrics
  weir fold --dir /run/app/metrics --stock       files of Python's prometheus_client too
  weir fold --redis redis://cache.internal       what dead processes left in a Redis, per-process layout

What processes that have ended counted moves into one archive a kind (counter_archive.db, gauge_max_archive.db, …) and
their files go; every total stays what it was. Killed at any moment, it loses and doubles nothing: run it again.
`weir serve` does the same by itself; run this where nobody serves, before a backup, or from cron.

Gauges of the mode all keep their pid label for an hour (--keep-all) and then go; live* gauges go with their process.
Files of processes that live are never touched. Damaged files are folded as far as they can be read and kept as
NAME.db.damaged; files of which nothing can be read stay, and `weir check` names them.

Without --stock files of Python's prometheus_client stay. It is only right where nothing but Weir reads the directory and no
other machine writes there; a scrape by prometheus_client's own reader in the moment of folding may see a value twice or not
at all.

In a Redis, who has been silent for REDIS_TTL_SECONDS after losing its lease is moved to the writer `retired`, in one
script each; a process that was only paused goes on under another name and counts nothing twice. After a restart or a
failover of the server, folding waits until three lease times have gone by.

Environment (flags win):
  PROMETHEUS_MULTIPROC_DIR   the directory, where --dir is not given
  REDIS_ENABLED              true: a Redis is folded, where neither --dir nor --redis is given (PROMETHEUS_REDIS_URL,
                             REDIS_HOST and their kind say which)
  REDIS_PASSWORD             its password, also with --redis; an argument holds none
  REDIS_PASSWORD_FILE        a file with it; without both, systemd's credential redis-password (CREDENTIALS_DIRECTORY)

Exit codes: 0 folded, or nothing to fold, or another process folds it now; 1 some of it cannot be (it is named); 2 usage.)";

CommandSpec fold_command() {
  auto arguments = std::make_shared<FoldArguments>();
  CommandSpec command{"fold", "Fold what dead processes counted into archives", kFoldHelp,
                      [arguments] { return fold(*arguments); }};
  std::vector<OptionSpec>& options = command.options;
  add_dir(options, arguments->source.dir);
  add_redis(options, arguments->source, "Redis the processes write to, without a password");
  options.push_back({"--stock", &arguments->stock, "", "Files of prometheus_client too, where nothing but Weir reads"});
  options.push_back(
      {"--keep-all", &arguments->keep_all, "SECONDS",
       "How long gauges of the mode all outlive their process; 0: for ever, in a Redis a day (default: 3600)",
       between(0, 1e9)});
  return command;
}

int tell_fold(const std::string& where, const FoldReport& report, const char* what) {
  for (const Problem& problem : report.problems) {
    write_error(fmt::format("weir: {}\n", message_with_subject(problem)));
  }
  if (report.is_busy) {
    write_out(fmt::format("{}: another process folds it now\n", in_one_line(where)));
    return kGood;
  }
  write_out(fmt::format("{}: {} {} folded into {} entries, {} gauge files removed, {} set aside, {} left for later\n",
                        in_one_line(where), report.sources, what, report.entries, report.removed, report.set_aside,
                        report.left));
  return report.problems.empty() ? kGood : kFaults;
}

int fold(const FoldArguments& arguments) {
  if (reads_redis(arguments.source)) {
    if (arguments.stock) throw ConfigError("--stock is for a directory, but a Redis is folded; leave it out");
    return fold_redis(arguments.source, arguments.keep_all);
  }
  std::signal(SIGIO, SIG_IGN);  // stock files are probed by leases
  const std::filesystem::path directory = chosen_directory(arguments.source.dir);
  ProgressLine progress("folding " + directory.string());
  FoldOptions options{.stock_files = arguments.stock,
                      .keep_all = std::chrono::seconds(static_cast<std::int64_t>(arguments.keep_all))};
  options.progress = [&progress](std::size_t done, std::size_t all) { progress.tell(done, all); };
  const FoldReport report = fold_directory(directory, options);
  progress.end();
  const int code = tell_fold(directory.string(), report, "files");
  if (report.others > 0) {
    const char* const why = !arguments.stock ? "; --stock folds those of prometheus_client whose processes have ended"
                            : report.problems.empty() ? ": somebody has them open, or they are none (weir check)"
                                                      : "";
    write_out(fmt::format("{} files that Weir did not write stay as they are{}\n", report.others, why));
  }
  return code;
}

}  // namespace weir::cli
