#include "cli/describing_commands.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/man_page.h"
#include "cli/output.h"
#include "weir/version.h"

namespace weir::cli {

CommandSpec completion_command(DescribeAll describe_all) {
  auto shell = std::make_shared<std::string>();
  CommandSpec command{"completion", "Print what a shell needs to complete this command", kCompletionHelp,
                      [shell, describe_all = std::move(describe_all)] {
                        write_out(completion(describe_all(), *shell));
                        return kGood;
                      }};
  command.options.push_back({"SHELL", shell.get(), "", "bash, zsh or fish", one_of(kShells), "", true});
  return command;
}

CommandSpec man_page_command(DescribeAll describe_all, std::vector<std::string> others) {
  others.emplace_back("man");
  auto about = std::make_shared<std::string>();
  CommandSpec command{"man", "Print a manual page", kManHelp, [about, describe_all = std::move(describe_all)] {
                        const CommandDescriptions all = describe_all();
                        const auto at = std::ranges::find(all, *about, &CommandDescription::name);
                        write_out(man_page(all, static_cast<std::size_t>(at - all.begin()), kVersion));
                        return kGood;
                      }};
  command.options.push_back({"COMMAND", about.get(), "", "The subcommand (default: weir itself)", one_of(others)});
  return command;
}

}  // namespace weir::cli
