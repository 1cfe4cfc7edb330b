// A Gauge goes up and down: queue length, temperature, requests in progress.
//
//   weir::Gauge& depth = registry.gauge({.name = "queue_depth", .help = "Jobs.", .mode = weir::GaugeMode::livesum});
//   depth.set(4);   depth.inc();   depth.dec(2);
//
// `mode` says how the values of several processes are combined (GaugeMode). A gauge has one cell a process, written
// atomically.
//
// Thread safety: every member from any thread, set, inc and dec also from signal handlers once the process has written
// the gauge. Process safety: see weir/cell.h. Invariants: I1, I3, I7.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/child.h"

namespace weir {

class Gauge final : public Child {
 public:
  using Options = struct GaugeOptions;

  Gauge(ChildKey, const MetricInfo& info, std::span<const std::string_view> values)
      : Child(info, values), keeps_time_(without_live(info.mode) == GaugeMode::mostrecent), is_plain_(!keeps_time_) {}
  ~Gauge() override { close(); }

  /// Sets the value; in the mostrecent modes stamped with the clock's time.
  void set(double value) noexcept {
    Cell* const cell = shared_cell(0);
    if (cell != nullptr && is_plain_) [[likely]] {
      cell->value.store(value, std::memory_order_relaxed);  // relaxed: nothing is published through a value
    } else {
      set_slowly(cell, value);
    }
  }
  /// In the mostrecent modes these throw ValueError: a value relative to this process's own last one would be no news
  /// of all.
  void inc(double amount = 1.0) {
    Cell* const cell = shared_cell(0);
    if (cell != nullptr && !keeps_time_) [[likely]] {
      cell->value.fetch_add(amount, std::memory_order_relaxed);  // relaxed: as in set()
    } else {
      add_slowly_or_refuse(cell, amount);
    }
  }
  void dec(double amount = 1.0) { inc(-amount); }
  /// Unix seconds, now.
  void set_to_current_time() noexcept;
  /// Takes its value from `function` whenever its own registry is collected (then the value is stored too, where other
  /// processes' readers find the last one). `function` is called from the collecting thread; when it throws, the value
  /// before is shown and the collection has a Problem. An empty function ends it.
  void set_function(std::function<double()> function);
  /// This process's value.
  double get() const { return read(0); }

  SampleName sample_name(std::uint32_t i) const override;

 private:
  void set_slowly(Cell* cell, double value) noexcept;
  void add_slowly_or_refuse(Cell* cell, double amount);
  std::uint32_t sample_count() const noexcept override;
  void opened(Storage& storage) override;
  void describe(SeriesTableBuilder& table) const override;
  void append_values(std::vector<double>& values) const override;
  bool has_function() const override { return static_cast<bool>(function_); }
  void call_function() override;

  const bool keeps_time_;
  bool is_plain_;                     // set() is a store and nothing else; constant once opened
  std::function<double()> function_;  // guarded by the registration lock
};

struct GaugeOptions {
  std::string name;
  std::string help;
  GaugeMode mode = GaugeMode::all;
  std::string name_space = {};
  std::string subsystem = {};
  std::string unit = {};
  Labels constant_labels = {};
  bool utf8_names = false;
};

}  // namespace weir
