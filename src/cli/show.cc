#include "cli/show.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <memory>
#include <string>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/plot.h"
#include "cli/source_choice.h"
#include "cli/source_options.h"
#include "weir/error.h"
#include "weir/exposition.h"

namespace weir::cli {

constexpr const char* kShowHelp = R"(Examples:
  weir show --dir /run/app/metrics
  weir show --dir /run/app/metrics --name http_requests http_request_duration_seconds
  weir show --format openmetrics > metrics.txt
  weir show --dir /run/app/metrics --plot http_request_duration_seconds
  weir show --url http://127.0.0.1:9091/metrics --plot http_requests_total --for 10
  weir show --redis redis://cache.internal:6379/0 --layout per-process
  REDIS_ENABLED=true PROMETHEUS_REDIS_URL=rediss://metrics:…@cache.internal weir show

Environment (flags win):
  REDIS_ENABLED              true: a Redis is read, where neither --dir nor --redis is given; the variables of
                             programs say which: PROMETHEUS_REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_DB and their kind
  REDIS_PASSWORD             its password, also with --redis; an argument holds none
  REDIS_PASSWORD_FILE        a file with it; without both, systemd's credential redis-password (CREDENTIALS_DIRECTORY)
  PROMETHEUS_MULTIPROC_DIR   the directory, where nothing above speaks
  SSL_CERT_FILE              certificates to trust for --url https://… instead of the system's
  http_proxy, no_proxy       as for curl; a password for --url is read from ~/.netrc

Files and keys that cannot be read are named on standard error; everything else is shown.
Exit codes: 0 shown; 1 nothing could be read, or the output could not be written; 2 usage.)";

CommandSpec show_command() {
  auto arguments = std::make_shared<ShowArguments>();
  CommandSpec command{"show", "Print the merged metrics once", kShowHelp, [arguments] { return show(*arguments); }};
  std::vector<OptionSpec>& options = command.options;
  add_source(options, arguments->source);
  add_url(options, arguments->source);
  options.push_back({"--format", &arguments->format, "FORMAT", "text or openmetrics (default: text)",
                     one_of({"text", "openmetrics"})});
  options.push_back({"--name", &arguments->names, "NAME ...", "Only metrics of these names"});
  options.push_back({"--plot", &arguments->plot, "NAME", "Draw this metric, or those of this family, instead",
                     given("it must name a metric")});
  options.push_back({"--for", &arguments->seconds, "SECONDS",
                     "How long --plot watches first (default: 5 for what is drawn over time, 0 for histograms)",
                     between(0, 3600), "--plot"});
  return command;
}

int show(const ShowArguments& arguments) {
  if (!arguments.plot.empty() && (!arguments.names.empty() || arguments.format != "text")) {
    throw ConfigError(fmt::format("--plot draws the metric it names, as text: leave {} out",
                                  arguments.names.empty() ? "--format" : "--name"));
  }
  const ChosenSource chosen = chosen_source(arguments.source);
  if (!arguments.plot.empty()) return show_plot(chosen, arguments.plot, arguments.seconds);
  const std::shared_ptr<const Collection> collection = chosen.source->collect();
  report_problems(*collection);
  if (nothing_could_be_read(*collection)) {
    write_error(fmt::format("weir: nothing could be read from {}\n", chosen.source->describe()));
    return kFaults;
  }
  if (collection->snapshot.values.empty()) {
    write_error(fmt::format("weir: {} holds no metrics; {}\n", chosen.source->describe(), chosen.who_writes));
  }
  Format format;
  if (arguments.format == "openmetrics") format.text = TextFormat::openmetrics_1_0_0;
  const std::string text = expose(*collection, format, arguments.names);
  if (!arguments.names.empty() && (text.empty() || text == "# EOF\n")) {
    write_error(
        fmt::format("weir: no metric is named {}; without --name all are shown\n", fmt::join(arguments.names, ", ")));
  }
  write_out(text);
  return kGood;
}

}  // namespace weir::cli
