// `weir`: its subcommands, each defined beside what it does.
#include <fmt/core.h>

#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "cli/check.h"
#include "cli/command_line.h"
#include "cli/describing_commands.h"
#include "cli/exit_code.h"
#include "cli/fold.h"
#include "cli/migrate.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "cli/show.h"
#include "cli/top.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir::cli {
namespace {

constexpr const char* kWhat = "Many processes count, one scrape reads the sum.";
constexpr const char* kHelp = R"(Start here:
  weir serve --dir /run/app/metrics      expose a directory to Prometheus
  weir show --dir /run/app/metrics       look at the merged metrics once
  weir show --redis redis://localhost    the same of a Redis
  weir top --dir /run/app/metrics        watch them live
  weir check --dir /run/app/metrics      see whether the directory is healthy; --redis looks at a Redis
  weir fold --dir /run/app/metrics       fold what dead processes counted into one archive
  weir migrate --dir D --redis URL       bring what a directory holds into a Redis, once
  weir help serve                        a subcommand's options, variables and examples

The directory is where the processes write: PROMETHEUS_MULTIPROC_DIR of Weir and of Python's prometheus_client.
Exit codes: 0 good; 1 check found faults, or nothing could be read or served; 2 usage.)";

std::vector<std::string> command_names(const std::vector<CommandSpec>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const CommandSpec& command : commands) names.emplace_back(command.name);
  return names;
}

/// `weir` first, then every subcommand, `help` as the last.
CommandDescriptions describe_commands(const std::vector<CommandSpec>& commands) {
  std::vector<std::string> names = command_names(commands);
  names.emplace_back("help");
  CommandDescriptions all{describe_weir(kWhat, kHelp, names)};
  for (const CommandSpec& command : commands) all.push_back(describe(command));
  all.push_back(describe({"help", kHelpsHelp, "", {}}));
  all.back().words = names;
  return all;
}

int run(int argc, char** argv) {
  open_standard_descriptors();
  set_log_sink(&stderr_log_sink);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write()
  try {
    ProgramSpec program{
        kWhat,
        kHelp,
        {serve_command(), show_command(), top_command(), check_command(), fold_command(), migrate_command()}};
    const DescribeAll all = [&program] { return describe_commands(program.commands); };
    program.commands.push_back(completion_command(all));
    program.commands.push_back(man_page_command(all, command_names(program.commands)));
    return run_command_line(program, argc, argv);
  } catch (const ConfigError& error) {
    write_error(fmt::format("weir: {}\n", error.what()));
    return kUsage;
  } catch (const std::exception& error) {
    write_error(fmt::format("weir: {}\n", error.what()));
    return kFaults;
  }
}

}  // namespace
}  // namespace weir::cli

int main(int argc, char** argv) { return weir::cli::run(argc, argv); }
