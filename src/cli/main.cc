// `weir`: options and help of every subcommand. The subcommands themselves know nothing of CLI11, whose header takes
// seconds to compile: this is the one file that includes it.
#include <CLI/CLI.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/check.h"
#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/fold.h"
#include "cli/man_page.h"
#include "cli/migrate.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "cli/show.h"
#include "cli/source_choice.h"
#include "cli/top.h"
#include "cli/usage_message.h"
#include "weir/error.h"
#include "weir/log.h"
#include "weir/version.h"

namespace weir::cli {
namespace {

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

constexpr const char* kChoices = "choices";  // the name of the checks one_of() makes

/// The command line taken apart: what to run.
class CommandLine {
 public:
  CommandLine() {
    app_.name("weir");
    app_.set_version_flag("--version", std::string("weir ") + kVersion);
    app_.set_help_flag("-h,--help", "Show this help");
    app_.footer(kHelp);
    app_.require_subcommand(0, 1);
    add_serve();
    add_show();
    add_top();
    add_check();
    add_fold();
    add_migrate();
    add_completion();
    add_man();
    add_help();
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
      return print_help(app_);
    } catch (const CLI::ParseError& error) {
      const auto inner = app_.get_subcommands();
      command = inner.empty() ? &app_ : inner.front();
      return refuse(in_our_words(error, *command), *command);
    }
    if (!chosen_) {
      fmt::print(stderr, "weir: a subcommand is required: {}\n", subcommand_names());
      return kUsage;
    }
    return chosen_();
  }

 private:
  int refuse(const std::string& wrong, const CLI::App& command) const {
    fmt::print(stderr, "weir: {}\nweir: `weir help{}` shows what would be right\n", wrong,
               &command == &app_ ? "" : " " + command.get_name());
    return kUsage;
  }

  static bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

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
    const std::string text = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      if (command.remaining().empty() && !app_.remaining().empty()) {
        return fmt::format("{} stands before {}; what belongs to a subcommand stands after it",
                           app_.remaining().front(), command.get_name());
      }
      return not_expected_message(command.remaining(), &command == &app_ ? "" : command.get_name(), subcommand_names());
    }
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
      return name + text.substr(name.size() + 1);  // what the checks of this file say
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return text;
    if (text.find("received") != std::string::npos) return given_twice_message(name);
    return no_value_message(name, option->get_option_text(), option->get_description());
  }

  /// Of the subcommand asked about, or of the whole.
  static int print_help(CLI::App& app) {
    const auto inner = app.get_subcommands();
    write_out(inner.empty() ? app.help() : inner.front()->help(app.get_name()));
    return kGood;
  }

  CLI::App& add(const char* name, const char* what, const char* footer, std::function<int()> run) {
    CLI::App& command = *app_.add_subcommand(name, what);
    command.set_help_flag("-h,--help", "Show this help");
    command.footer(footer);
    command.callback([this, run = std::move(run)] { chosen_ = run; });
    return command;
  }

  static void add_dir(CLI::App& command, std::string& dir) {
    command.add_option("--dir", dir, "Directory the processes write to (default: PROMETHEUS_MULTIPROC_DIR)")
        ->option_text("DIRECTORY")
        ->check([](const std::string& value) { return value.empty() ? "is empty; it must name a directory" : ""; });
  }

  static auto between(double least, double most) {
    return [least, most](const std::string& value) { return range_message(value, least, most); };
  }

  static auto given(const char* what) {
    return [what](const std::string& value) { return value.empty() ? fmt::format("is empty; {}", what) : ""; };
  }

  static void add_redis(CLI::App& command, SourceArguments& source, const char* which) {
    command.add_option("--redis", source.redis, which)->option_text("URL")->check(given("write redis://HOST:PORT/DB"));
    command.add_option("--key-prefix", source.key_prefix, "What its keys begin with (default: gunicorn)")
        ->option_text("PREFIX")
        ->check(given("leave it out for the usual one"));
    command.add_option("--redis-password-file", source.redis_password_file, "File with its password alone")
        ->option_text("FILE")
        ->check(given("it must name a file"));
  }

  /// A check whose words completion reads from its description.
  static CLI::Validator one_of(const std::vector<std::string>& choices) {
    std::string sentence = choices.front();
    for (std::size_t i = 1; i < choices.size(); ++i) sentence += (i + 1 < choices.size() ? ", " : " or ") + choices[i];
    return {[choices, sentence](std::string& value) {
              return std::ranges::find(choices, value) != choices.end()
                         ? ""
                         : fmt::format("is \"{}\"; it must be {}", value, sentence);
            },
            fmt::format("{}", fmt::join(choices, " ")), kChoices};
  }

  static void add_url(CLI::App& command, SourceArguments& source) {
    command.add_option("--url", source.url, "The /metrics of any exporter")
        ->option_text("URL")
        ->check(given("write http://HOST:PORT/metrics"));
  }

  static void add_source(CLI::App& command, SourceArguments& source) {
    add_dir(command, source.dir);
    add_redis(command, source, "Redis the processes write to, without a password");
    command.add_option("--layout", source.layout, "per-process, shared or auto (default: auto, whichever is there)")
        ->option_text("LAYOUT")
        ->check(one_of({"per-process", "shared", "auto"}));
  }

  static void add_web(CLI::App& command, WebArguments& web) {
    command
        .add_option("--web.config.file", web.config_file,
                    "TLS, passwords and response headers, in the file of Prometheus' exporters")
        ->option_text("FILE")
        ->check(given("it must name a file"));
    command.add_flag("--health-without-password", web.health_without_password,
                     "/healthz and /readyz answer without a password");
    const auto add_limit = [&command](const char* name, auto& into, const char* what, const char* unit, double least,
                                      double most) {
      command.add_option(name, into, what)->option_text(unit)->check(between(least, most));
    };
    add_limit("--max-connections", web.max_connections, "Open connections (default: 2500)", "COUNT", 1, 1e6);
    add_limit("--max-connections-per-address", web.max_connections_per_address,
              "Of one client (default: a tenth of them; loopback all)", "COUNT", 1, 1e6);
    add_limit("--max-requests-in-flight", web.max_requests_in_flight, "Scrapes at one time (default: 40)", "COUNT", 1,
              1e6);
    add_limit("--max-request-bytes", web.max_request_bytes, "URL and headers (default: 32768)", "BYTES", 1024,
              16777216);
    add_limit("--request-timeout", web.request_timeout, "For TLS's handshake, and for a request to come (default: 10)",
              "SECONDS", 0.001, 3600);
    add_limit("--scrape-timeout", web.scrape_timeout, "To answer one that names no time (default: 10)", "SECONDS",
              0.001, 3600);
  }

  void add_serve() {
    CLI::App& command = add("serve", "Expose a directory or a Redis to Prometheus over HTTP", kServeHelp,
                            [this] { return serve(serve_); });
    add_source(command, serve_.source);
    serve_.source.fold = "auto";
    command
        .add_option("--fold", serve_.source.fold,
                    "What of a directory's past is folded: auto, weir, all or off (default: auto)")
        ->option_text("WHICH")
        ->check(one_of({"auto", "weir", "all", "off"}));
    command.add_option("--page", serve_.page, "The page at /: live, plain (without scripts) or off (default: live)")
        ->option_text("WHICH")
        ->check(one_of({"live", "plain", "off"}));
    command
        .add_option("--listen", serve_.listen,
                    "Where to listen (default: 127.0.0.1:9091; `:9091` is every interface, `unix:/PATH` a Unix socket)")
        ->option_text("HOST:PORT")
        ->check([](const std::string& value) { return value.empty() ? "is empty; write HOST:PORT" : ""; });
    add_web(command, serve_.web);
  }

  void add_show() {
    CLI::App& command = add("show", "Print the merged metrics once", kShowHelp, [this] { return show(show_); });
    add_source(command, show_.source);
    add_url(command, show_.source);
    command.add_option("--format", show_.format, "text or openmetrics (default: text)")
        ->option_text("FORMAT")
        ->check(one_of({"text", "openmetrics"}));
    command.add_option("--name", show_.names, "Only metrics of these names")->option_text("NAME ...");
    command.add_option("--plot", show_.plot, "Draw this metric, or those of this family, instead")
        ->option_text("NAME")
        ->check(given("it must name a metric"));
    command
        .add_option("--for", show_.seconds,
                    "How long --plot watches first (default: 5 for what is drawn over time, 0 for histograms)")
        ->option_text("SECONDS")
        ->check(between(0, 3600))
        ->needs("--plot");
  }

  void add_top() {
    CLI::App& command = add("top", "Watch the merged metrics live", kTopHelp, [this] { return top(top_); });
    add_source(command, top_.source);
    add_url(command, top_.source);
    command.add_option("--interval", top_.interval, "Between two readings, from 0.1 to 60 (default: 1)")
        ->option_text("SECONDS")
        ->check(between(0.1, 60));
    command.add_option("--view", top_.page, "metrics, families, histograms, writers or problems (default: metrics)")
        ->option_text("VIEW")
        ->check(one_of({"metrics", "families", "histograms", "writers", "problems"}));
    command.add_option("--order", top_.order, "rate, value, name or change (default: rate)")
        ->option_text("ORDER")
        ->check(one_of({"rate", "value", "name", "change"}));
    command.add_option("--filter", top_.filter, "Only names that hold these words")->option_text("WORDS");
    command.add_flag("--once", top_.once, "Print one table and end, also in a terminal");
  }

  void add_check() {
    CLI::App& command =
        add("check", "Show the health of a directory or a Redis", kCheckHelp, [this] { return check(check_); });
    add_source(command, check_.source);
    command.add_flag("--all", check_.all, "Every file or process, however many");
  }

  void add_fold() {
    CLI::App& command =
        add("fold", "Fold what dead processes counted into archives", kFoldHelp, [this] { return fold(fold_); });
    add_dir(command, fold_.source.dir);
    add_redis(command, fold_.source, "Redis the processes write to, without a password");
    command.add_flag("--stock", fold_.stock, "Files of prometheus_client too, where nothing but Weir reads");
    command
        .add_option(
            "--keep-all", fold_.keep_all,
            "How long gauges of the mode all outlive their process; 0: for ever, in a Redis a day (default: 3600)")
        ->option_text("SECONDS")
        ->check(between(0, 1e9));
  }

  void add_migrate() {
    CLI::App& command = add("migrate", "Bring what a directory holds into a Redis, once", kMigrateHelp,
                            [this] { return migrate(migrate_); });
    add_dir(command, migrate_.redis.dir);
    add_redis(command, migrate_.redis, "Redis to write to, without a password");
    command.add_flag("--dry-run", migrate_.dry_run, "Look, and write nothing");
    command.add_flag("--all", migrate_.all, "Every process, however many");
  }

  void add_completion() {
    CLI::App& command = add("completion", "Print what a shell needs to complete this command", kCompletionHelp, [this] {
      write_out(completion(descriptions(), shell_));
      return kGood;
    });
    command.add_option("SHELL", shell_, "bash, zsh or fish")->required()->check(one_of(kShells));
  }

  void add_man() {
    CLI::App& command = add("man", "Print a manual page", kManHelp, [this] {
      const CommandDescriptions all = descriptions();
      const auto about = std::ranges::find(all, man_about_, &CommandDescription::name);
      write_out(man_page(all, static_cast<std::size_t>(about - all.begin()), kVersion));
      return kGood;
    });
    command.add_option("COMMAND", man_about_, "The subcommand (default: weir itself)")->check(one_of(names()));
  }

  /// Of the subcommands defined so far.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
      out.push_back(command->get_name());
    }
    return out;
  }
  std::string subcommand_names() const { return fmt::format("{}", fmt::join(names(), ", ")); }

  /// As CLI11 knows them.
  CommandDescriptions descriptions() const {
    CommandDescriptions all{describe(app_)};
    all.front().name.clear();
    all.front().words = names();
    for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
      all.push_back(describe(*command));
    }
    all.back().words = names();  // of help, the last
    return all;
  }

  static CommandDescription describe(const CLI::App& app) {
    CommandDescription out{app.get_name(), app.get_description(), {}, {}, app.get_footer()};
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional()) {
        out.words = choices_of(*option);
        continue;
      }
      OptionDescription described{{}, option->get_option_text(), option->get_description(), choices_of(*option)};
      for (const std::string& name : option->get_snames()) described.names.push_back("-" + name);
      for (const std::string& name : option->get_lnames()) described.names.push_back("--" + name);
      out.options.push_back(std::move(described));
    }
    return out;
  }

  /// The words of one_of(); none for other options.
  static std::vector<std::string> choices_of(const CLI::Option& option) {
    // CLI11 hands checks out of what may be changed only.
    auto& same = const_cast<CLI::Option&>(option);
    try {
      std::istringstream words(same.get_validator(kChoices)->get_description());
      return {std::istream_iterator<std::string>(words), {}};
    } catch (const CLI::OptionNotFound&) {
      return {};
    }
  }

  void add_help() {
    CLI::App& command = add("help", "Show help for a subcommand", "", [this] { return help(); });
    command.add_option("COMMAND", help_about_, "The subcommand");
  }

  int help() {
    if (help_about_.empty()) {
      // App::help would answer for the subcommand that was met, `help` itself.
      write_out(app_.get_formatter()->make_help(&app_, app_.get_name(), CLI::AppFormatMode::Normal));
      return kGood;
    }
    const auto all = app_.get_subcommands([](const CLI::App*) { return true; });
    const auto about = std::ranges::find(all, help_about_, [](const CLI::App* command) { return command->get_name(); });
    if (about == all.end()) {
      fmt::print(stderr, "weir: there is no subcommand \"{}\"; there are {}\n", help_about_, subcommand_names());
      return kUsage;
    }
    write_out((*about)->help(app_.get_name()));
    return kGood;
  }

  CLI::App app_{"Many processes count, one scrape reads the sum."};
  ServeArguments serve_;
  ShowArguments show_;
  TopArguments top_;
  CheckArguments check_;
  FoldArguments fold_;
  MigrateArguments migrate_;
  std::string help_about_;
  std::string man_about_;
  std::string shell_;
  std::function<int()> chosen_;
};

int run(int argc, char** argv) {
  set_log_sink(&stderr_log_sink);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write()
  try {
    return CommandLine().run(argc, argv);
  } catch (const ConfigError& error) {
    fmt::print(stderr, "weir: {}\n", error.what());
    return kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "weir: {}\n", error.what());
    return kFaults;
  }
}

}  // namespace
}  // namespace weir::cli

int main(int argc, char** argv) { return weir::cli::run(argc, argv); }
