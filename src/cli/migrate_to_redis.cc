// `weir migrate`, where Weir is built with Redis.
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/redis_choice.h"
#include "cli/redis_source.h"
#include "cli/text_table.h"
#include "model/printable.h"
#include "redis_storage/migrate_directory.h"

namespace weir::cli {
namespace {

constexpr std::size_t kProcessesOnAScreen = 30;

using State = MigratedProcess::State;

const char* state_name(State state) {
  switch (state) {
    case State::added:
      return "added";
    case State::updated:
      return "updated";
    case State::folded:
      return "folded since";
    case State::failed:
      break;
  }
  return "failed";
}

std::string process_table(std::vector<MigratedProcess> processes, bool all) {
  if (processes.empty()) return "";
  std::ranges::stable_partition(processes, [](const MigratedProcess& process) {
    return process.state == State::failed || process.state == State::folded;
  });
  std::vector<std::vector<std::string>> rows{{"PROCESS", "WRITER", "FILES", "VALUES", "STATE"}};
  const std::size_t shown = all ? processes.size() : std::min(processes.size(), kProcessesOnAScreen);
  for (std::size_t i = 0; i < shown; ++i) {
    const MigratedProcess& process = processes[i];
    rows.push_back({in_one_line(process.identity), in_one_line(process.writer), std::to_string(process.files),
                    std::to_string(process.values), state_name(process.state)});
  }
  std::string out = text_table(rows, {2, 3});
  if (shown < processes.size()) out += fmt::format("and {} more; --all shows them\n", processes.size() - shown);
  return out + "\n";
}

std::string totals(const Migration& done, const std::string& to, bool dry_run) {
  std::size_t values = 0;
  for (const MigratedProcess& process : done.processes) values += process.values;
  return fmt::format("{} values of {} processes from {} files {} {}\n", values, done.processes.size(), done.files,
                     dry_run ? "would go to" : "are in", to);
}

std::string notes(const Migration& done) {
  const auto counting = std::ranges::count_if(done.processes, [](const auto& process) { return process.is_counting; });
  const auto folded = std::ranges::count_if(done.processes, [](const auto& p) { return p.state == State::folded; });
  std::string out;
  if (done.live_gauge_files > 0) {
    out += fmt::format("  {} files of live* gauges were left out: they are for processes that live.\n",
                       done.live_gauge_files);
  }
  if (counting > 0) {
    out += fmt::format("  {} processes still count into their files: run this again when they have ended.\n", counting);
  }
  if (folded > 0) {
    out += fmt::format(
        "  {} processes were brought before and folded since: what their files gained after that is not brought.\n",
        folded);
  }
  return out.empty() ? out : "\nnotes:\n" + out;
}

}  // namespace

int migrate_to_redis(const std::string& directory, const SourceArguments& arguments, bool dry_run, bool all) {
  const ChosenRedis chosen = chosen_redis(arguments);
  chosen.client->ping();  // an empty directory would say nothing of it
  Migration done;
  {
    ProgressLine progress("bringing " + directory);
    done =
        migrate_directory(*chosen.client, {.directory = directory,
                                           .key_prefix = chosen.key_prefix,
                                           .dry_run = dry_run,
                                           .progress = [&](std::size_t at, std::size_t of) { progress.tell(at, of); }});
  }
  for (const Problem& problem : done.problems) {
    write_error(fmt::format("weir: not brought: {}\n", message_with_subject(problem)));
  }
  std::string out = process_table(done.processes, all);
  out += totals(done, chosen.client->describe(), dry_run);
  out += notes(done);
  write_out(out);
  return done.problems.empty() ? kGood : kFaults;
}

}  // namespace weir::cli
