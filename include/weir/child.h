// A child: one label set of a metric, with its cells. Base of Counter, Gauge, Histogram, Summary, Info and Enum.
//
// Thread safety and process safety: as CellGroup (weir/cell.h). Children belong to their family and live until they are
// removed from it, or it is unregistered.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "weir/cell.h"
#include "weir/label_values.h"
#include "weir/snapshot.h"
#include "weir/types.h"

namespace weir {

/// What all children of a family have in common. Constant once the family exists.
struct MetricInfo {
  std::string name;         ///< of the family: `requests`
  std::string sample_name;  ///< what a plain sample is called: `requests_total`, `build_info`, or the family's name
  std::string help;
  std::string unit;
  MetricType type = MetricType::counter;  ///< as declared; info and stateset are stored as gauges
  GaugeMode mode = GaugeMode::all;
  std::vector<std::string> label_names;
  Labels constant_labels;
  std::vector<double> bounds;       ///< of a histogram's buckets, ascending, `+Inf` last
  std::vector<std::string> states;  ///< of an enum
};

/// Only families make children: a stray one would count in another metric's cells.
class ChildKey {
  friend class FamilyBase;
  ChildKey() = default;
};

class Child : public CellGroup {
 public:
  ~Child() override = default;
  /// Constant labels and the child's own, in declared order.
  Labels labels() const;
  const MetricInfo& info() const noexcept { return info_; }
  const LabelValues& label_values() const noexcept { return values_; }

  std::string_view family_name() const noexcept override { return info_.name; }
  std::string_view help() const noexcept override { return info_.help; }
  MetricType type() const noexcept override;
  GaugeMode mode() const noexcept override { return info_.mode; }

 protected:
  Child(const MetricInfo& info, std::span<const std::string_view> values) : info_(info), values_(values) {}

  /// Keeps the newest exemplar of sample `i`; dropped when the registration lock is busy. Throws ValueError when the
  /// labels are longer than OpenMetrics allows (128 characters together) or not valid.
  void put_exemplar(std::uint32_t i, const Labels& labels, double value);
  /// To be called when describe() will give other series than before. Under the registration lock, which orders it.
  void series_changed() noexcept { changes_->fetch_add(1, std::memory_order_relaxed); }

 private:
  friend class FamilyBase;
  friend class Registry;

  /// How many cells it needs; 0 when it opens groups of its own later.
  virtual std::uint32_t sample_count() const noexcept = 0;
  /// Called once its cells are there, under the registration lock.
  virtual void opened(Storage& /*storage*/) {}
  /// Appends its series, and (in the same order) their values, under the registration lock. The n-th series of a child
  /// is that of its cell n, as far as exemplars go.
  virtual void describe(SeriesTableBuilder& table) const = 0;
  virtual void append_values(std::vector<double>& values) const = 0;
  /// Its exemplars, where `first` is the number of its first series.
  void append_exemplars(std::size_t first, std::vector<Snapshot::ExemplarAt>& out) const;
  /// True for a gauge with a callback. Under the registration lock.
  virtual bool has_function() const { return false; }
  /// Calls it, without the registration lock, and stores what it says. Throws what it throws.
  virtual void call_function() {}

  const MetricInfo& info_;
  const LabelValues values_;
  std::uint64_t hash_ = 0;                                        // of the label values
  std::atomic<std::uint64_t>* changes_ = nullptr;                 // the registry's count of changes
  std::unique_ptr<std::map<std::uint32_t, Exemplar>> exemplars_;  // guarded by the registration lock
};

}  // namespace weir
