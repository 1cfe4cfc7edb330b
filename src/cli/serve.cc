#include "cli/serve.h"

#include <fmt/core.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "cli/listen_choice.h"
#include "cli/source_choice.h"
#include "weir/exposer.h"
#include "weir/log.h"
#include "weir/multiprocess.h"

namespace weir::cli {
namespace {

/// What the collector read, for /backend.
class CollectorStatistics : public Source {
 public:
  explicit CollectorStatistics(const MultiProcessCollector& collector) : collector_(collector) {}

  std::shared_ptr<const Collection> collect() override {
    const MultiProcessCollector::Statistics read = collector_.statistics();
    std::vector<MetricFamily> families;
    const auto add = [&families](const char* name, const char* help, double value,
                                 MetricType type = MetricType::gauge) {
      const std::string sample = type == MetricType::counter ? fmt::format("{}_total", name) : name;
      families.push_back({{name, type, help, ""}, {{sample, {}, value, {}}}});
    };
    add("weir_collect_entries", "Records the last collection read.", static_cast<double>(read.entries));
    add("weir_collect_files", "Files the last collection met.", static_cast<double>(read.files));
    add("weir_collect_files_skipped", "Files the last collection left out.", static_cast<double>(read.files_skipped));
    add("weir_collect_read_bytes", "Bytes the last collection read from files.", static_cast<double>(read.bytes));
    add("weir_collections", "Collections since start.", static_cast<double>(read.collections), MetricType::counter);
    auto collection = std::make_shared<Collection>();
    collection->snapshot = snapshot_of(families);
    return collection;
  }
  std::string describe() const override { return "what the collector read"; }

 private:
  const MultiProcessCollector& collector_;
};

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

/// Buffers of a size that only big scrapes need go back to the system when freed. (glibc's threshold grows to the
/// largest buffer freed, and the heap then keeps their space: 59.8 MB resident instead of 52.3 on 128,000 series, and
/// no faster.)
void keep_heap_small() {
  constexpr int kBigBuffer = 1024 * 1024;
  mallopt(M_MMAP_THRESHOLD, kBigBuffer);
  mallopt(M_TRIM_THRESHOLD, kBigBuffer);
}

void warn_if_missing(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return;
  const std::string why =
      error && error != std::errc::no_such_file_or_directory ? error.message() : "there is no such directory";
  log_line(LogLevel::warning, fmt::format("{}: {}; nothing is served until it can be read", directory.string(), why));
}

}  // namespace

const char* const kServeHelp = R"(Examples:
  weir serve --dir /run/app/metrics
  PROMETHEUS_MULTIPROC_DIR=/run/app/metrics weir serve --listen 0.0.0.0:9091
  curl -s http://127.0.0.1:9091/metrics

Endpoints: /metrics (?name[]=NAME picks some), /healthz, /readyz, /backend (the exporter's own metrics), and a page at /.

Environment (flags win):
  PROMETHEUS_MULTIPROC_DIR   the directory, where --dir is not given
  PROMETHEUS_BIND_ADDRESS    address or host to listen on, without port (127.0.0.1)
  PROMETHEUS_METRICS_PORT    port, from 1 to 65535 (9091)

SIGTERM and SIGINT stop it; responses in flight are finished first, for at most 5 seconds. There is no TLS and no
password yet: listen on an address only your Prometheus reaches.
Exit codes: 0 stopped by a signal; 1 the port cannot be had; 2 usage.)";

int serve(const ServeArguments& arguments) {
  const std::filesystem::path directory = chosen_directory(arguments.dir);
  ExposerOptions options{.listen = chosen_listen_address(arguments.listen)};
  keep_heap_small();
  raise_descriptor_limit();
  StopSignals stop;
  MultiProcessCollector source(directory);
  CollectorStatistics statistics(source);
  warn_if_missing(directory);
  const std::string host = options.listen.substr(0, options.listen.rfind(':'));
  Exposer exposer(std::move(options), source, &statistics);
  log_line(LogLevel::info, fmt::format("serving {} on http://{}:{}/metrics", source.describe(),
                                       host.empty() ? "[::]" : host, exposer.port()));
  stop.wait();
  return kGood;
}

}  // namespace weir::cli
