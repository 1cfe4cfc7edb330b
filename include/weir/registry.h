// A Registry holds a program's metrics and is what a scrape of this process reads.
//
//   weir::Registry registry;                                           // or weir::default_registry()
//   weir::Counter& jobs = registry.counter({.name = "jobs_total", .help = "Jobs done."});
//   auto& requests = registry.counter({.name = "requests_total", .help = "Requests served."}, {"method", "code"});
//   std::string body = weir::expose(*registry.collect(), {});
//
// collect() shows what this process counted. With file storage, a MultiProcessCollector on the directory shows all
// processes.
//
// Thread safety: every member from any thread. References returned stay good until unregister() or the registry's end.
// Process safety: fork-safe; a child has the same metrics from zero (I7).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/counter.h"
#include "weir/enum.h"
#include "weir/family.h"
#include "weir/gauge.h"
#include "weir/histogram.h"
#include "weir/info.h"
#include "weir/snapshot.h"
#include "weir/storage.h"
#include "weir/summary.h"

namespace weir {

class Registry final : public Source {
 public:
  /// Metrics live where the environment or load_backend says (backend.h), chosen when the first one is made.
  Registry();
  /// Metrics live in `storage`.
  explicit Registry(Storage& storage);
  ~Registry() override;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Each makes a metric, without labels or with the labels named. They throw ValueError for names, labels, buckets or
  // states that break the rules, and RegistrationError when one of the metric's samples would clash with those of
  // another.
  Counter& counter(const CounterOptions& options);
  Family<Counter>& counter(const CounterOptions& options, std::vector<std::string> label_names);
  Gauge& gauge(const GaugeOptions& options);
  Family<Gauge>& gauge(const GaugeOptions& options, std::vector<std::string> label_names);
  Histogram& histogram(const HistogramOptions& options);
  Family<Histogram>& histogram(const HistogramOptions& options, std::vector<std::string> label_names);
  Summary& summary(const SummaryOptions& options);
  Family<Summary>& summary(const SummaryOptions& options, std::vector<std::string> label_names);
  Info& info(const InfoOptions& options);
  Family<Info>& info(const InfoOptions& options, std::vector<std::string> label_names);
  Enum& enumeration(const EnumOptions& options);
  Family<Enum>& enumeration(const EnumOptions& options, std::vector<std::string> label_names);

  /// Forgets the metric of that family name (`requests` or `requests_total`) and its children. False when there is
  /// none.
  bool unregister(std::string_view name);

  /// Adds families made at each collection by `collect`, which is called without a lock from the collecting thread.
  /// What it throws becomes a Problem.
  void add_collector(std::function<std::vector<MetricFamily>()> collect);

  /// This process's values. Metrics that their storage had no room for are Problems of reason `kept_in_memory`.
  std::shared_ptr<const Collection> collect() override;
  std::string describe() const override;

 private:
  template <typename T>
  Family<T>& add(MetricInfo info);
  template <typename T>
  T& only_child(Family<T>& family);
  void claim_names(const MetricInfo& info);
  Storage& storage();
  void ask_users(std::vector<Problem>& problems);
  static void add_problem(const FamilyBase& family, std::vector<Problem>& problems);

  std::atomic<Storage*> storage_{nullptr};
  std::atomic<std::uint64_t> changes_{0};
  // Guarded by the registration lock.
  std::map<std::string, std::shared_ptr<FamilyBase>> families_;   // by family name
  std::map<std::string, std::string, std::less<>> sample_names_;  // sample name to the family it belongs to
  std::vector<std::function<std::vector<MetricFamily>()>> collectors_;
  std::shared_ptr<const SeriesTable> table_;
  std::uint64_t table_changes_ = 0;
};

/// The registry of programs that need only one. Never destroyed.
Registry& default_registry();

}  // namespace weir
