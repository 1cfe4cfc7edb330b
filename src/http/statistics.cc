#include "http/statistics.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include "format/number.h"
#include "http/web_config_families.h"
#include "weir/version.h"

namespace weir {
namespace {

const char* path_of(Route route) {
  switch (route) {
    case Route::metrics:
      return "/metrics";
    case Route::healthz:
      return "/healthz";
    case Route::readyz:
      return "/readyz";
    case Route::backend:
      return "/backend";
    case Route::page:
      return "/";
    case Route::api:
      return "/api/v1";
    case Route::other:
      break;
  }
  return "other";
}

Sample sample(std::string name, double value, Labels labels = {}) {
  return {std::move(name), std::move(labels), value, {}};
}

MetricFamily family(std::string name, MetricType type, std::string help, std::string unit = "") {
  return {{std::move(name), type, std::move(help), std::move(unit)}, {}};
}

MetricFamily gauge(std::string name, std::string help, double value, std::string unit = "") {
  MetricFamily made = family(name, MetricType::gauge, std::move(help), std::move(unit));
  made.samples.push_back(sample(std::move(name), value));
  return made;
}

/// Fields of /proc/self/stat after the command's closing parenthesis: index 0 is field 3 (state).
std::vector<double> process_stat() {
  std::ifstream in("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(in), {}};
  std::vector<double> fields;
  std::istringstream rest(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  for (std::string word; rest >> word;) fields.push_back(std::strtod(word.c_str(), nullptr));
  return fields;
}

double boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;) {
    double seconds = 0;
    if (word == "btime" && in >> seconds) return seconds;
  }
  return 0;
}

double open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator at("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(at), end(at)) - 1);  // its own
}

}  // namespace

void Statistics::collected(const Collection& collection, double seconds) {
  const std::lock_guard lock(mutex_);
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++buckets_[static_cast<std::size_t>(bound - kBounds.begin())];
  seconds_ += seconds;
  last_seconds_ = seconds;
  last_series_ = static_cast<double>(collection.snapshot.values.size());
  last_problems_ = static_cast<double>(collection.problems.size());
  for (const Problem& problem : collection.problems) {
    const bool full = errors_.size() >= kMaxReasons && !errors_.contains(problem.reason);
    ++errors_[full ? "other" : problem.reason];
  }
}

void Statistics::arrived() {
  const std::lock_guard lock(mutex_);
  ++in_flight_;
}

void Statistics::answered(Route route, unsigned status) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, status}];
}

void Statistics::done() {
  const std::lock_guard lock(mutex_);
  --in_flight_;
}

void Statistics::rejected(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++rejected_[reason];
}

std::uint64_t Statistics::in_flight() const {
  const std::lock_guard lock(mutex_);
  return in_flight_;
}

void Statistics::add_collect(std::vector<MetricFamily>& out) const {
  MetricFamily duration =
      family("weir_collect_duration_seconds", MetricType::histogram, "Time one collection took.", "seconds");
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    total += buckets_[i];
    const double bound = i < kBounds.size() ? kBounds[i] : std::numeric_limits<double>::infinity();
    duration.samples.push_back(
        sample("weir_collect_duration_seconds_bucket", static_cast<double>(total), {{"le", bucket_bound(bound)}}));
  }
  duration.samples.push_back(sample("weir_collect_duration_seconds_count", static_cast<double>(total)));
  duration.samples.push_back(sample("weir_collect_duration_seconds_sum", seconds_));
  out.push_back(std::move(duration));

  MetricFamily errors =
      family("weir_collect_errors", MetricType::counter, "What collections could not read and left out, by reason.");
  for (const auto& [reason, count] : errors_) {
    errors.samples.push_back(sample("weir_collect_errors_total", static_cast<double>(count), {{"reason", reason}}));
  }
  out.push_back(std::move(errors));
  out.push_back(
      gauge("weir_collect_last_duration_seconds", "Time the last collection took.", last_seconds_, "seconds"));
  out.push_back(gauge("weir_collect_problems", "What the last collection could not read.", last_problems_));
  out.push_back(gauge("weir_collect_series", "Series of the last collection.", last_series_));
}

void Statistics::add_http(std::vector<MetricFamily>& out) const {
  MetricFamily rejected =
      family("weir_http_rejected", MetricType::counter, "Connections and requests refused, by reason.");
  for (const auto& [reason, count] : rejected_) {
    rejected.samples.push_back(sample("weir_http_rejected_total", static_cast<double>(count), {{"reason", reason}}));
  }
  out.push_back(std::move(rejected));
  MetricFamily requests =
      family("weir_http_requests", MetricType::counter, "Requests answered, by path and status code.");
  for (const auto& [key, count] : requests_) {
    requests.samples.push_back(sample("weir_http_requests_total", static_cast<double>(count),
                                      {{"code", std::to_string(key.second)}, {"path", path_of(key.first)}}));
  }
  out.push_back(std::move(requests));
  out.push_back(gauge("weir_http_requests_in_flight", "Requests being answered.", static_cast<double>(in_flight_)));
}

std::vector<MetricFamily> Statistics::families() const {
  std::vector<MetricFamily> out;
  MetricFamily build = family("weir_build_info", MetricType::gauge, "Which Weir this is; always 1.");
  build.samples.push_back(sample("weir_build_info", 1, {{"version", kVersion}}));
  out.push_back(std::move(build));
  const std::lock_guard lock(mutex_);
  add_collect(out);
  add_http(out);
  return out;
}

std::vector<MetricFamily> process_families() {
  // Source of the names: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
  constexpr std::size_t kUserTicks = 11, kSystemTicks = 12, kStart = 19, kVirtualBytes = 20, kResidentPages = 21;
  std::vector<MetricFamily> out;
  const std::vector<double> stat = process_stat();
  if (stat.size() <= kResidentPages) return out;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  MetricFamily cpu = family("process_cpu_seconds", MetricType::counter, "User and system CPU time.", "seconds");
  cpu.samples.push_back(sample("process_cpu_seconds_total", (stat[kUserTicks] + stat[kSystemTicks]) / ticks));
  out.push_back(std::move(cpu));
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.push_back(
        gauge("process_max_fds", "Most file descriptors it may have open.", static_cast<double>(limit.rlim_cur)));
  }
  out.push_back(gauge("process_open_fds", "File descriptors it has open.", open_descriptors()));
  out.push_back(gauge("process_resident_memory_bytes", "Resident memory.",
                      stat[kResidentPages] * static_cast<double>(sysconf(_SC_PAGESIZE)), "bytes"));
  out.push_back(gauge("process_start_time_seconds", "Start, in seconds since 1970.", boot_time() + stat[kStart] / ticks,
                      "seconds"));
  out.push_back(gauge("process_virtual_memory_bytes", "Virtual memory.", stat[kVirtualBytes], "bytes"));
  return out;
}

std::shared_ptr<const Collection> BackendSource::collect() {
  auto collection = std::make_shared<Collection>();
  std::vector<MetricFamily> all = statistics_.families();
  std::ranges::move(process_families(), std::back_inserter(all));
  std::ranges::move(web_config_families(settings_.state(), passwords_.computed()), std::back_inserter(all));
  if (extra_ != nullptr) {
    const std::shared_ptr<const Collection> more = extra_->collect();
    std::ranges::move(weir::families(more->snapshot), std::back_inserter(all));
    collection->problems = more->problems;
  }
  std::ranges::sort(all, {}, [](const MetricFamily& one) { return one.head.name; });
  collection->snapshot = snapshot_of(all);
  return collection;
}

}  // namespace weir
