#include "cli/top.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/source_options.h"
#include "watch/sampler.h"
#include "watch/terminal.h"
#include "watch/top_view.h"
#include "weir/log.h"

namespace weir::cli {
namespace {

/// Lines logged while the terminal is a picture: kept for it, instead of drawn over it.
class KeptLog {
 public:
  KeptLog() : before_(set_log_sink(&KeptLog::keep)) {}
  ~KeptLog() { set_log_sink(before_); }
  KeptLog(const KeptLog&) = delete;
  KeptLog& operator=(const KeptLog&) = delete;

  static std::vector<std::string> take() {
    const std::lock_guard lock(mutex());
    return std::exchange(lines(), {});
  }

 private:
  static void keep(LogLevel, std::string_view line) noexcept {
    try {
      const std::lock_guard lock(mutex());
      if (lines().size() < 100) lines().emplace_back(line);
    } catch (...) {  // out of memory: a line less
    }
  }
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static std::vector<std::string>& lines() {
    static std::vector<std::string> kept;
    return kept;
  }
  LogSink before_;
};

TopView::Options options_of(const TopArguments& arguments, const Source& source) {
  const auto page = std::ranges::find(TopView::kPages, arguments.page);
  return {.source = source.describe(),
          .page = static_cast<TopView::Page>(page - TopView::kPages.begin()),
          .choice = {.order = order_from(arguments.order).value_or(Order::rate), .filter = arguments.filter},
          .interval = std::clamp(arguments.interval, TopView::kShortest, TopView::kLongest)};
}

/// Two readings, so that there are rates.
int print_once(const TopArguments& arguments, const ChosenSource& chosen) {
  TopView view(options_of(arguments, *chosen.source));
  TopReading first = read_now(*chosen.source, chosen.writers.get(), nullptr);
  report_problems(*first.collection);
  if (nothing_could_be_read(*first.collection)) {
    write_error(fmt::format("weir: nothing could be read from {}\n", chosen.source->describe()));
    return kFaults;
  }
  view.take(std::move(first));
  std::this_thread::sleep_for(std::chrono::duration<double>(view.interval()));
  view.take(read_now(*chosen.source, chosen.writers.get(), nullptr));
  write_out(view.text(output_columns()));
  return kGood;
}

/// The live view, until a key or a signal ends it.
class Live {
 public:
  Live(const TopArguments& arguments, const ChosenSource& chosen)
      : view_(options_of(arguments, *chosen.source)),
        sampler_(*chosen.source, chosen.writers.get(), view_.interval()) {}

  void run(SignalDescriptor& signals, Terminal& terminal) {
    for (;;) {
      terminal.draw(view_.lines(terminal.size()));
      std::array<pollfd, 3> waits{
          {{STDIN_FILENO, POLLIN, 0}, {signals.descriptor(), POLLIN, 0}, {sampler_.descriptor(), POLLIN, 0}}};
      if (poll(waits.data(), waits.size(), -1) < 0) continue;  // SIGTSTP and SIGCONT
      while (const int signal = signals.read()) {
        if (signal != SIGWINCH) return;
        terminal.resized();
      }
      if ((waits[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return;  // the terminal is gone
      while (std::optional<TopReading> reading = sampler_.take()) view_.take(std::move(*reading));
      for (std::string& line : KeptLog::take()) view_.log(std::move(line));
      if (press_keys(terminal)) return;
    }
  }
  bool hangs() { return sampler_.gave_up(); }

 private:
  /// True where one of them ends it.
  bool press_keys(Terminal& terminal) {
    for (;;) {
      const std::optional<Press> press = terminal.read();
      if (!press) return false;
      const TopView::Wish wish = view_.press(*press);
      if (wish == TopView::Wish::quit) return true;
      sampler_.set_interval(view_.interval());
      sampler_.set_paused(view_.is_paused());
      sampler_.set_split(view_.opened_family());
      if (wish == TopView::Wish::read) sampler_.read_soon();
    }
  }

  TopView view_;
  Sampler sampler_;
};

int run_live(const TopArguments& arguments, const ChosenSource& chosen) {
  SignalDescriptor signals;
  const KeptLog log;
  Live live(arguments, chosen);
  {
    Terminal terminal;  // given back before anything waits for a reading
    live.run(signals, terminal);
  }
  // A server that does not answer would hold this up for its time-out; nothing is left to be done.
  if (live.hangs()) std::_Exit(kGood);
  return kGood;
}

}  // namespace

constexpr const char* kTopHelp = R"(Examples:
  weir top --dir /run/app/metrics
  weir top --redis redis://cache.internal:6379/0
  weir top --url http://127.0.0.1:9100/metrics --filter cpu
  weir top --dir /run/app/metrics --once --order value | head
  ssh web-17 -t weir top --dir /run/app/metrics

Every metric with its value, its rate per second and what changed since watching began; families, histograms with
quantiles, and the writers: who is alive, dead, folded. The key ? tells the keys, q quits. With --once, or where input or
output is no terminal, one table is printed after two readings --interval apart.

Environment (flags win):
  REDIS_ENABLED              true: a Redis is read, where neither --dir nor --redis is given; the variables of
                             programs say which: PROMETHEUS_REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_DB and their kind
  REDIS_PASSWORD             its password, also with --redis; an argument holds none
  REDIS_PASSWORD_FILE        a file with it; without both, systemd's credential redis-password (CREDENTIALS_DIRECTORY)
  PROMETHEUS_MULTIPROC_DIR   the directory, where nothing above speaks
  SSL_CERT_FILE              certificates to trust for --url https://… instead of the system's
  http_proxy, no_proxy       as for curl; a password for --url is read from ~/.netrc
  NO_COLOR                   not empty: no colours
  TERM                       the terminal's kind

Exit codes: 0 quit, or shown; 1 nothing could be read, or the output could not be written; 2 usage.)";

CommandSpec top_command() {
  auto arguments = std::make_shared<TopArguments>();
  CommandSpec command{"top", "Watch the merged metrics live", kTopHelp, [arguments] { return top(*arguments); }};
  std::vector<OptionSpec>& options = command.options;
  add_source(options, arguments->source);
  add_url(options, arguments->source);
  options.push_back({"--interval", &arguments->interval, "SECONDS", "Between two readings, from 0.1 to 60 (default: 1)",
                     between(0.1, 60)});
  options.push_back({"--view", &arguments->page, "VIEW",
                     "metrics, families, histograms, writers or problems (default: metrics)",
                     one_of({"metrics", "families", "histograms", "writers", "problems"})});
  options.push_back({"--order", &arguments->order, "ORDER", "rate, value, name or change (default: rate)",
                     one_of({"rate", "value", "name", "change"})});
  options.push_back({"--filter", &arguments->filter, "WORDS", "Only names that hold these words"});
  options.push_back({"--once", &arguments->once, "", "Print one table and end, also in a terminal"});
  return command;
}

int top(const TopArguments& arguments) {
  std::setlocale(LC_CTYPE, "");
  std::signal(SIGIO, SIG_IGN);  // asking who writes probes leases
  const ChosenSource chosen = chosen_source(arguments.source);
  const bool is_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  return arguments.once || !is_terminal ? print_once(arguments, chosen) : run_live(arguments, chosen);
}

}  // namespace weir::cli
