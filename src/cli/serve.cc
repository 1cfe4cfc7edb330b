#include "cli/serve.h"

#include <fmt/core.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "cli/exit_code.h"
#include "cli/listen_choice.h"
#include "cli/source_choice.h"
#include "cli/source_options.h"
#include "cli/systemd.h"
#include "weir/exposer.h"
#include "weir/log.h"

namespace weir::cli {
namespace {

/// SIGTERM, SIGINT and SIGHUP, kept for wait() while one lives; a second one that stops ends the process at once.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// Returns when the process shall end; `reload` is called for each SIGHUP.
  template <class Reload>
  void wait(Reload reload) {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0 || signal == SIGHUP) {
      if (signal == SIGHUP) reload();
    }
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_;
};

/// A descriptor a connection and a file: the usual soft limit of 1024 is too few for 2000 idle clients.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  constexpr rlim_t kWanted = 65536;
  const rlim_t reachable = limit.rlim_max == RLIM_INFINITY ? kWanted : std::min<rlim_t>(limit.rlim_max, kWanted);
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < reachable) {
    limit.rlim_cur = reachable;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

PageKind page_kind(const std::string& name) {
  return name == "off" ? PageKind::none : name == "plain" ? PageKind::plain : PageKind::live;
}

/// Buffers of a size that only big scrapes need go back to the system when freed. (glibc's threshold grows to the
/// largest buffer freed, and the heap then keeps their space: 59.8 MB resident instead of 52.3 on 128,000 series, and
/// no faster.)
void keep_heap_small() {
  constexpr int kBigBuffer = 1024 * 1024;
  mallopt(M_MMAP_THRESHOLD, kBigBuffer);
  mallopt(M_TRIM_THRESHOLD, kBigBuffer);
}

/// For people: the URL of /metrics, or the Unix socket.
std::string where_it_serves(const Exposer& exposer, const std::string& listen) {
  const char* scheme = exposer.has_tls() ? "https" : "http";
  if (exposer.port() == 0) return fmt::format("{} ({}, /metrics)", listen, scheme);
  const std::string host = listen.substr(0, listen.rfind(':'));
  return fmt::format("{}://{}:{}/metrics", scheme, host.empty() ? "[::]" : host, exposer.port());
}

/// Says that a server does not answer before the first scrape does. Serving does not wait for it; ending does, as long
/// as it asks.
std::jthread first_look(const std::function<std::string()>& asked_once) {
  if (!asked_once) return {};
  return std::jthread([asked_once] {
    const std::string fault = asked_once();
    if (fault.empty()) return;
    log_line(LogLevel::warning, fmt::format("{}; scrapes get 503 until it answers, and each asks it again", fault));
  });
}

}  // namespace

constexpr const char* kServeHelp = R"(Examples:
  weir serve --dir /run/app/metrics
  PROMETHEUS_MULTIPROC_DIR=/run/app/metrics weir serve --listen 0.0.0.0:9091
  weir serve --redis redis://cache.internal:6379/0
  weir serve --listen :9091 --web.config.file /etc/weir/web.yml
  curl -s http://127.0.0.1:9091/metrics

Endpoints: /metrics (?name[]=NAME picks some), /healthz, /readyz, /backend (the exporter's own metrics), a live page at /
and the JSON it is made of under /api/v1. With --page plain the page has no scripts, with --page off there is none.

What processes of a directory that have ended counted is folded into archives within a minute (see `weir help fold`):
  --fold auto   files of Weir's processes, as long as no other client writes to the directory (whose readers may scrape it)
  --fold weir   files of Weir's processes
  --fold all    files of Python's prometheus_client too, once nobody has them open; only where nothing but Weir reads
  --fold off    none: each process that ever lived costs every scrape
Of a Redis dead processes are folded with --fold weir or all only: it needs the right to write (docs/redis.md).

Environment (flags win):
  REDIS_ENABLED              true: a Redis is read, where neither --dir nor --redis is given; the variables of
                             programs say which: PROMETHEUS_REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_DB and their kind
  REDIS_PASSWORD             its password, also with --redis; an argument holds none
  REDIS_PASSWORD_FILE        a file with it; without both, systemd's credential redis-password (CREDENTIALS_DIRECTORY)
  PROMETHEUS_MULTIPROC_DIR   the directory, where nothing above speaks
  PROMETHEUS_BIND_ADDRESS    address or host to listen on, without port (127.0.0.1)
  PROMETHEUS_METRICS_PORT    port, from 1 to 65535 (9091)
  PROMETHEUS_SSL_CERTFILE    certificate in PEM, where no web config file is given: TLS
  PROMETHEUS_SSL_KEYFILE     its key
  PROMETHEUS_SSL_CLIENT_CAFILE, PROMETHEUS_SSL_CLIENT_CAPATH
                             authorities (a file, a directory by hash) that certificates of clients are verified against
  PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED
                             true: clients without a certificate are turned away
  CREDENTIALS_DIRECTORY      systemd's: web-config.yml in it is the web config file where none is given

It listens on loopback, without TLS and password, until told otherwise. The web config file is that of Prometheus'
exporters (tls_server_config, http_server_config, basic_auth_users; docs/security.md). It, certificates and keys are
read again when they change and at SIGHUP; what cannot be used is logged and told at /backend, and what was in force stays.

SIGTERM and SIGINT stop it; responses in flight are finished first, for at most 5 seconds. systemd: its socket is taken
(LISTEN_FDS), and it hears when the exporter is ready.
Exit codes: 0 stopped by a signal; 1 the port cannot be had; 2 usage.)";

namespace {

void add_limits(std::vector<OptionSpec>& options, WebArguments& web) {
  options.push_back(
      {"--max-connections", &web.max_connections, "COUNT", "Open connections (default: 2500)", between(1, 1e6)});
  options.push_back({"--max-connections-per-address", &web.max_connections_per_address, "COUNT",
                     "Of one client (default: a tenth of them; loopback all)", between(1, 1e6)});
  options.push_back({"--max-requests-in-flight", &web.max_requests_in_flight, "COUNT",
                     "Scrapes at one time (default: 40)", between(1, 1e6)});
  options.push_back({"--max-request-bytes", &web.max_request_bytes, "BYTES", "URL and headers (default: 32768)",
                     between(1024, 16777216)});
  options.push_back({"--request-timeout", &web.request_timeout, "SECONDS",
                     "For TLS's handshake, and for a request to come (default: 10)", between(0.001, 3600)});
  options.push_back({"--scrape-timeout", &web.scrape_timeout, "SECONDS",
                     "To answer one that names no time (default: 10)", between(0.001, 3600)});
}

}  // namespace

CommandSpec serve_command() {
  auto arguments = std::make_shared<ServeArguments>();
  arguments->source.fold = "auto";
  CommandSpec command{"serve", "Expose a directory or a Redis to Prometheus over HTTP", kServeHelp,
                      [arguments] { return serve(*arguments); }};
  std::vector<OptionSpec>& options = command.options;
  add_source(options, arguments->source);
  options.push_back({"--fold", &arguments->source.fold, "WHICH",
                     "What of a directory's past is folded: auto, weir, all or off (default: auto)",
                     one_of({"auto", "weir", "all", "off"})});
  options.push_back({"--page", &arguments->page, "WHICH",
                     "The page at /: live, plain (without scripts) or off (default: live)",
                     one_of({"live", "plain", "off"})});
  options.push_back(
      {"--listen", &arguments->listen, "HOST:PORT",
       "Where to listen (default: 127.0.0.1:9091; `:9091` is every interface, `unix:/PATH` a Unix socket)",
       given("write HOST:PORT")});
  options.push_back({"--web.config.file", &arguments->web.config_file, "FILE",
                     "TLS, passwords and response headers, in the file of Prometheus' exporters",
                     given("it must name a file")});
  options.push_back({"--health-without-password", &arguments->web.health_without_password, "",
                     "/healthz and /readyz answer without a password"});
  add_limits(options, arguments->web);
  return command;
}

int serve(const ServeArguments& arguments) {
  const ChosenSource chosen = chosen_source(arguments.source);
  ExposerOptions options{.listen = chosen_listen_address(arguments.listen), .page = page_kind(arguments.page)};
  choose_web(arguments.web, options);
  std::signal(SIGIO, SIG_IGN);  // the page asks who writes, which probes leases
  keep_heap_small();
  raise_descriptor_limit();
  StopSignals stop;
  if (!chosen.fault.empty()) {
    log_line(LogLevel::warning, fmt::format("{}; nothing is served until it can be read", chosen.fault));
  }
  const std::string listen = shown_listen_address(options.listen);
  Exposer exposer(std::move(options), *chosen.source, chosen.backend.get(), chosen.writers.get());
  log_line(LogLevel::info,
           fmt::format("serving {} on {}", chosen.source->describe(), where_it_serves(exposer, listen)));
  const std::jthread looking = first_look(chosen.asked_once);
  notify_systemd("READY=1");
  stop.wait([&exposer] { exposer.reload(); });
  notify_systemd("STOPPING=1");
  return kGood;
}

}  // namespace weir::cli
