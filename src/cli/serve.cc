#include "cli/serve.h"

#include <fmt/core.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "cli/exit_code.h"
#include "cli/listen_choice.h"
#include "cli/source_choice.h"
#include "weir/exposer.h"
#include "weir/log.h"

namespace weir::cli {
namespace {

/// SIGTERM and SIGINT, kept for wait() while one lives; a second one ends the process at once.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
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

}  // namespace

const char* const kServeHelp = R"(Examples:
  weir serve --dir /run/app/metrics
  PROMETHEUS_MULTIPROC_DIR=/run/app/metrics weir serve --listen 0.0.0.0:9091
  weir serve --redis redis://cache.internal:6379/0
  curl -s http://127.0.0.1:9091/metrics

Endpoints: /metrics (?name[]=NAME picks some), /healthz, /readyz, /backend (the exporter's own metrics), a live page at /
and the JSON it is made of under /api/v1. With --page plain the page has no scripts, with --page off there is none.

What processes of a directory that have ended counted is folded into archives every few seconds (see `weir help fold`):
  --fold auto   files of Weir's processes, as long as no other client writes to the directory (whose readers may scrape it)
  --fold weir   files of Weir's processes
  --fold all    files of Python's prometheus_client too, once nobody has them open; only where nothing but Weir reads
  --fold off    none: each process that ever lived costs every scrape
Of a Redis dead processes are folded with --fold weir only: it needs the right to write (docs/redis.md).

Environment (flags win):
  REDIS_ENABLED              true: a Redis is read, where neither --dir nor --redis is given; the variables of
                             programs say which: PROMETHEUS_REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_DB and their kind
  REDIS_PASSWORD             its password, also with --redis; an argument holds none
  PROMETHEUS_MULTIPROC_DIR   the directory, where nothing above speaks
  PROMETHEUS_BIND_ADDRESS    address or host to listen on, without port (127.0.0.1)
  PROMETHEUS_METRICS_PORT    port, from 1 to 65535 (9091)

SIGTERM and SIGINT stop it; responses in flight are finished first, for at most 5 seconds. There is no TLS and no
password yet: listen on an address only your Prometheus reaches.
Exit codes: 0 stopped by a signal; 1 the port cannot be had; 2 usage.)";

int serve(const ServeArguments& arguments) {
  const ChosenSource chosen = chosen_source(arguments.source);
  ExposerOptions options{.listen = chosen_listen_address(arguments.listen), .page = page_kind(arguments.page)};
  std::signal(SIGIO, SIG_IGN);  // the page asks who writes, which probes leases
  keep_heap_small();
  raise_descriptor_limit();
  StopSignals stop;
  if (!chosen.fault.empty()) {
    log_line(LogLevel::warning, fmt::format("{}; nothing is served until it can be read", chosen.fault));
  }
  const std::string host = options.listen.substr(0, options.listen.rfind(':'));
  Exposer exposer(std::move(options), *chosen.source, chosen.backend.get(), chosen.writers.get());
  log_line(LogLevel::info, fmt::format("serving {} on http://{}:{}/metrics", chosen.source->describe(),
                                       host.empty() ? "[::]" : host, exposer.port()));
  stop.wait();
  return kGood;
}

}  // namespace weir::cli
