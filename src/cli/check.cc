#include "cli/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/redis_source.h"
#include "cli/source_choice.h"
#include "cli/source_options.h"
#include "cli/text_table.h"
#include "collect/inspect.h"
#include "model/printable.h"
#include "weir/multiprocess.h"
#include "weir/writers.h"

namespace weir::cli {
namespace {

constexpr std::size_t kFilesOnAScreen = 30;
constexpr std::size_t kDeadFilesWorthAWord = 500;

using Row = std::vector<std::string>;
using ProblemOfPath = std::map<std::string, const Problem*>;

const char* state_name(WriterState state) { return state == WriterState::folded ? "archive" : to_string(state); }

std::string problem_of(const InspectedFile& file, const ProblemOfPath& problems) {
  const auto found = problems.find(file.path.string());
  return found == problems.end() ? file.unreadable : found->second->reason;
}

Row row_of(const InspectedFile& file, const ProblemOfPath& problems) {
  Row row{in_one_line(file.path.filename().string()),
          "-",
          "-",
          "-",
          "-",
          std::to_string(file.entries),
          size_text(file.size),
          state_name(file.writer),
          in_one_line(problem_of(file, problems))};
  if (file.name) {
    const bool gauge = file.name->kind.type == MetricType::gauge;
    row[1] = to_string(file.name->kind.type);
    row[2] = gauge ? std::string(to_string(file.name->kind.mode)) : "-";
    row[3] = in_one_line(file.name->identity);
  }
  if (file.layout) row[4] = *file.layout == RecordLayout::value_timestamp ? "current" : "0.16";
  return row;
}

std::string file_table(std::vector<InspectedFile> files, const ProblemOfPath& problems, bool all) {
  if (files.empty()) return "";
  std::ranges::stable_partition(files, [&](const InspectedFile& file) { return !problem_of(file, problems).empty(); });
  std::vector<Row> rows{{"FILE", "TYPE", "MODE", "IDENTITY", "LAYOUT", "ENTRIES", "SIZE", "WRITER", "PROBLEM"}};
  const std::size_t shown = all ? files.size() : std::min(files.size(), kFilesOnAScreen);
  for (std::size_t i = 0; i < shown; ++i) rows.push_back(row_of(files[i], problems));
  std::string out = text_table(rows, {5, 6});
  if (shown < files.size()) out += fmt::format("and {} more files; --all shows them\n", files.size() - shown);
  return out + "\n";
}

std::string totals(const std::vector<InspectedFile>& files, const MultiProcessCollector::Statistics& read) {
  std::array<std::size_t, 4> writers{};
  std::size_t entries = 0;
  std::uintmax_t bytes = 0;
  for (const InspectedFile& file : files) {
    ++writers[static_cast<std::size_t>(file.writer)];
    entries += file.entries;
    bytes += file.size;
  }
  return fmt::format(
      "{} files ({} alive, {} dead, {} unknown, {} archives), {} entries, {}; {} series, read in {:.1f} ms\n",
      files.size(), writers[0], writers[1], writers[2], writers[3], entries, size_text(bytes), read.series,
      read.seconds * 1000);
}

std::string problem_lines(const Collection& collection) {
  if (collection.problems.empty()) return "";
  std::string out = fmt::format("\n{} could not be read as it stands:\n", collection.problems.size());
  for (const Problem& problem : collection.problems) {
    out +=
        fmt::format("  {}: {}\n    {}\n", problem.reason, in_one_line(problem.subject), in_one_line(problem.message));
  }
  return out;
}

std::string advice(const std::vector<InspectedFile>& files) {
  std::string out;
  std::size_t dead = 0;
  std::set<std::string> dead_live_gauges;
  std::set<RecordLayout> layouts;
  for (const InspectedFile& file : files) {
    if (file.layout) layouts.insert(*file.layout);
    if (!file.name || file.writer != WriterState::dead) continue;
    ++dead;
    const FileKind kind = file.name->kind;
    if (!file.by_weir && kind.type == MetricType::gauge && is_live(kind.mode))
      dead_live_gauges.insert(file.name->identity);
  }
  if (!dead_live_gauges.empty()) {
    out += fmt::format(
        "  {} dead Python processes still show live gauges: call mark_process_dead(pid) when a worker exits.\n",
        dead_live_gauges.size());
  }
  if (dead > kDeadFilesWorthAWord) {
    out += fmt::format(
        "  {} files of dead processes are read at every scrape: `weir fold` moves them into one archive a kind, and "
        "`weir "
        "serve` does so by itself.\n",
        dead);
  }
  if (layouts.size() > 1) {
    out +=
        "  Both record layouts are in use: Weir reads them together, but prometheus_client on either side of 0.18 does "
        "not.\n";
  }
  return out.empty() ? out : "\nadvice:\n" + out;
}

}  // namespace

constexpr const char* kCheckHelp = R"(Examples:
  weir check --dir /run/app/metrics
  weir check || echo "look at the metrics directory"
  weir check --redis redis://cache.internal:6379/0

Of a directory: every file with its type, gauge mode, writer, record layout, entries and size, whether its writer
lives, and what could not be read. Of a Redis: the server, its memory and policy, the processes that write there, their
keys, the rights of the user, and every fault. Changes nothing.

Environment (flags win):
  REDIS_ENABLED              true: a Redis is looked at, where neither --dir nor --redis is given; the variables of
                             programs say which: PROMETHEUS_REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_DB and their kind
  REDIS_PASSWORD             its password, also with --redis; an argument holds none
  REDIS_PASSWORD_FILE        a file with it; without both, systemd's credential redis-password (CREDENTIALS_DIRECTORY)
  PROMETHEUS_MULTIPROC_DIR   the directory, where nothing above speaks

Exit codes: 0 no faults; 1 faults, or nothing could be read; 2 usage.)";

CommandSpec check_command() {
  auto arguments = std::make_shared<CheckArguments>();
  CommandSpec command{"check", "Show the health of a directory or a Redis", kCheckHelp,
                      [arguments] { return check(*arguments); }};
  add_source(command.options, arguments->source);
  command.options.push_back({"--all", &arguments->all, "", "Every file or process, however many"});
  return command;
}

int check(const CheckArguments& arguments) {
  if (reads_redis(arguments.source)) return check_redis(arguments.source, arguments.all);
  std::signal(SIGIO, SIG_IGN);  // inspecting probes leases
  const std::filesystem::path directory = chosen_directory(arguments.source.dir);
  ProgressLine progress("looking at " + directory.string());
  const std::vector<InspectedFile> files = inspect_directory(directory);
  MultiProcessCollector source(directory);
  const std::shared_ptr<const Collection> collection = source.collect();
  progress.end();
  ProblemOfPath problems;
  for (const Problem& problem : collection->problems) problems.emplace(problem.subject, &problem);

  std::string out = fmt::format("{}\n\n", in_one_line(source.describe()));
  out += file_table(files, problems, arguments.all);
  out += totals(files, source.statistics());
  out += problem_lines(*collection);
  out += advice(files);
  write_out(out);
  return collection->problems.empty() ? kGood : kFaults;
}

}  // namespace weir::cli
