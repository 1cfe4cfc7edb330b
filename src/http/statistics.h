// What the exporter counts about itself: collections, requests, refusals; the process it runs in.
//
//   statistics.answered(Route::metrics, 200);
//   std::vector<MetricFamily> own = statistics.families();
//
// Names: weir_collect_* for reading, weir_http_* for serving, process_* as every Prometheus client has them.
//
// Thread safety: every member may be called from any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "web_config/password_check.h"
#include "web_config/web_settings.h"
#include "weir/snapshot.h"

namespace weir {

/// The paths that are counted apart; everything else is `other`, so that no client invents series.
enum class Route : std::uint8_t { metrics, healthz, readyz, backend, page, api, other };

class Statistics {
 public:
  void collected(const Collection& collection, double seconds);
  void arrived();
  /// Counts the answer of a request that arrived.
  void answered(Route route, unsigned status);
  /// The response is out (or its client gone).
  void done();
  void rejected(const std::string& reason);

  std::uint64_t in_flight() const;
  std::vector<MetricFamily> families() const;

 private:
  static constexpr std::array kBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                      0.1,    0.25,  0.5,    1.0,   2.5,  5.0,   10.0};
  static constexpr std::size_t kMaxReasons = 64;

  void add_collect(std::vector<MetricFamily>& out) const;
  void add_http(std::vector<MetricFamily>& out) const;

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::array<std::uint64_t, kBounds.size() + 1> buckets_{};
  double seconds_ = 0;
  double last_seconds_ = 0;
  double last_series_ = 0;
  double last_problems_ = 0;
  std::map<std::string, std::uint64_t> errors_;
  std::map<std::pair<Route, unsigned>, std::uint64_t> requests_;
  std::map<std::string, std::uint64_t> rejected_;
  std::uint64_t in_flight_ = 0;
};

/// process_start_time_seconds, process_resident_memory_bytes, … of this process; what /proc does not tell is left out.
std::vector<MetricFamily> process_families();

/// What /backend serves: the exporter's own statistics, its web configuration and the process, then what an extra
/// source adds (may be null).
class BackendSource : public Source {
 public:
  BackendSource(const Statistics& statistics, const WebSettingsKeeper& settings, const PasswordCheck& passwords,
                Source* extra)
      : statistics_(statistics), settings_(settings), passwords_(passwords), extra_(extra) {}
  std::shared_ptr<const Collection> collect() override;
  std::string describe() const override { return "the exporter itself"; }

 private:
  const Statistics& statistics_;
  const WebSettingsKeeper& settings_;
  const PasswordCheck& passwords_;
  Source* const extra_;
};

}  // namespace weir
