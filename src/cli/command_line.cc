// The one file that includes CLI11, whose header takes seconds to compile.
#include <CLI/CLI.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/usage_message.h"
#include "weir/version.h"

namespace weir::cli {
namespace {

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

void add_option(CLI::App& command, const OptionSpec& option) {
  CLI::Option* const made = std::visit(
      [&](auto* into) -> CLI::Option* {
        if constexpr (std::is_same_v<decltype(into), bool*>) {
          return command.add_flag(option.name, *into, option.what);
        } else {
          return command.add_option(option.name, *into, option.what);
        }
      },
      option.into);
  if (*option.unit != '\0') made->option_text(option.unit);
  if (option.check.wrong) made->check(option.check.wrong);
  if (*option.needs != '\0') made->needs(option.needs);
  made->required(option.is_required);
}

class CommandLine {
 public:
  explicit CommandLine(const ProgramSpec& program) : app_(program.what) {
    app_.name("weir");
    app_.set_version_flag("--version", std::string("weir ") + kVersion);
    app_.set_help_flag("-h,--help", "Show this help");
    app_.footer(program.footer);
    app_.require_subcommand(0, 1);
    for (const CommandSpec& spec : program.commands) add(spec);
    add({"help", kHelpsHelp, "", [this] { return help(); }, {{"COMMAND", &help_about_, "", "The subcommand"}}});
  }

  int run(int argc, char** argv) {
    const CLI::App* command = &app_;
    if (const std::string wrong = flag_with_value(argc, argv, command); !wrong.empty()) return refuse(wrong, *command);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForVersion&) {
      write_out(std::string("weir ") + kVersion + "\n");
      return kGood;
    } catch (const CLI::CallForHelp&) {
      return print_help();
    } catch (const CLI::ParseError& error) {
      const auto inner = app_.get_subcommands();
      command = inner.empty() ? &app_ : inner.front();
      return refuse(in_our_words(error, *command), *command);
    }
    if (chosen_) return chosen_();
    write_error(fmt::format("weir: a subcommand is required: {}\n", subcommand_names()));
    return kUsage;
  }

 private:
  void add(const CommandSpec& spec) {
    CLI::App& command = *app_.add_subcommand(spec.name, spec.what);
    command.set_help_flag("-h,--help", "Show this help");
    command.footer(spec.footer);
    command.callback([this, run = spec.run] { chosen_ = run; });
    for (const OptionSpec& option : spec.options) add_option(command, option);
  }

  int refuse(const std::string& wrong, const CLI::App& command) const {
    write_error(fmt::format("weir: {}\nweir: `weir help{}` shows what would be right\n", wrong,
                            &command == &app_ ? "" : " " + command.get_name()));
    return kUsage;
  }

  /// What to say of a flag that is given a value, `command` being the one it stands behind; empty: there is none. The
  /// parser takes `--all=5` for --all.
  std::string flag_with_value(int argc, char** argv, const CLI::App*& command) const {
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
      const std::string word = argv[i];
      if (command == &app_ && std::ranges::count(names(), word) > 0) command = app_.get_subcommand(word);
      const std::size_t equals = word.find('=');
      if (!word.starts_with("--") || equals == std::string::npos) continue;
      const CLI::Option* const option = command->get_option_no_throw(word.substr(0, equals));
      if (option != nullptr && is_flag(*option)) {
        return flag_with_value_message(word.substr(0, equals), word.substr(equals + 1));
      }
    }
    return "";
  }

  /// The parser's errors name the option first and the rest by its types; those that happen are said anew.
  std::string in_our_words(const CLI::ParseError& error, const CLI::App& command) const {
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return of_an_option(error, command);
    if (command.remaining().empty() && !app_.remaining().empty()) {
      return fmt::format("{} stands before {}; what belongs to a subcommand stands after it", app_.remaining().front(),
                         command.get_name());
    }
    return not_expected_message(command.remaining(), &command == &app_ ? "" : command.get_name(), subcommand_names(),
                                sources_of(command));
  }

  static std::vector<std::string> sources_of(const CLI::App& command) {
    std::vector<std::string> out{"--dir", "--redis", "--url"};
    std::erase_if(out, [&command](const auto& name) { return command.get_option_no_throw(name) == nullptr; });
    return out;
  }

  static std::string of_an_option(const CLI::ParseError& error, const CLI::App& command) {
    const std::string text = error.what();
    const std::string before = "Could not convert: ";
    const bool is_conversion = dynamic_cast<const CLI::ConversionError*>(&error) != nullptr && text.starts_with(before);
    const std::string said = is_conversion ? text.substr(before.size()) : text;
    const std::string name = said.substr(0, said.find_first_of(" :"));
    const CLI::Option* const option = command.get_option_no_throw(name);
    if (option == nullptr) return text;
    if (is_conversion) return bad_value_message(name, said.substr(std::min(said.size(), name.size() + 3)));
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
      return fmt::format("{} needs {}: {}", command.get_name(), name, option->get_description());
    }
    if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr && text.starts_with(name + ": is ")) {
      return name + text.substr(name.size() + 1);  // what a Check says
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return text;
    if (text.find("received") != std::string::npos) return given_twice_message(name);
    return no_value_message(name, option->get_option_text(), option->get_description());
  }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
      out.push_back(command->get_name());
    }
    return out;
  }
  std::string subcommand_names() const { return fmt::format("{}", fmt::join(names(), ", ")); }

  /// Of the subcommand met, or of the whole.
  int print_help() {
    const auto inner = app_.get_subcommands();
    write_out(inner.empty() ? app_.help() : inner.front()->help(app_.get_name()));
    return kGood;
  }

  int help() {
    if (help_about_.empty()) {
      // App::help would answer for the subcommand that was met, `help` itself.
      write_out(app_.get_formatter()->make_help(&app_, app_.get_name(), CLI::AppFormatMode::Normal));
      return kGood;
    }
    if (std::ranges::count(names(), help_about_) == 0) {
      write_error(fmt::format("weir: there is no subcommand \"{}\"; there are {}\n", help_about_, subcommand_names()));
      return kUsage;
    }
    write_out(app_.get_subcommand(help_about_)->help(app_.get_name()));
    return kGood;
  }

  CLI::App app_;
  std::string help_about_;
  std::function<int()> chosen_;
};

}  // namespace

int run_command_line(const ProgramSpec& program, int argc, char** argv) { return CommandLine(program).run(argc, argv); }

}  // namespace weir::cli
