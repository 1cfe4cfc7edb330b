// A Counter only goes up: requests served, bytes sent, errors met.
//
//   weir::Counter& jobs = registry.counter({.name = "jobs_total", .help = "Jobs done."});
//   jobs.inc();   jobs.inc(3);   jobs.inc(1, {{"trace_id", "4bf92f"}});       // the last one leaves an exemplar
//
// Thread safety: every member from any thread; inc() never locks from a thread's second call on. inc_async() also from
// signal handlers. Process safety: see weir/cell.h. Invariants: I1, I2, I3, I7.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/child.h"

namespace weir {

class Counter final : public Child {
 public:
  using Options = struct CounterOptions;

  Counter(ChildKey, const MetricInfo& info, std::span<const std::string_view> values) : Child(info, values) {}
  ~Counter() override { close(); }

  void inc() noexcept { add(0, 1.0); }
  /// Adds `amount`. Throws ValueError when it is negative or NaN.
  void inc(double amount) {
    if (!(amount >= 0)) [[unlikely]]
      refuse(amount);
    add(0, amount);
  }
  /// Adds `amount` and keeps `exemplar` as the newest. Throws ValueError as inc(double), or for labels OpenMetrics does
  /// not allow.
  void inc(double amount, const Labels& exemplar);
  /// For signal handlers: an atomic add to the process's shared cell. Negative or NaN amounts are ignored.
  void inc_async(double amount = 1.0) noexcept {
    if (amount >= 0) add_async(0, amount);
  }
  /// What this process has counted. Takes the registration lock: for tests and people, not for hot paths.
  double get() const { return read(0); }

  SampleName sample_name(std::uint32_t i) const override;

 private:
  [[noreturn]] void refuse(double amount) const;
  std::uint32_t sample_count() const noexcept override;
  void describe(SeriesTableBuilder& table) const override;
  void append_values(std::vector<double>& values) const override;
};

/// How a counter is declared. The name may end in `_total` or not: samples always do, as in Python.
struct CounterOptions {
  std::string name;
  std::string help;
  std::string name_space = {};  ///< `namespace` is a C++ keyword
  std::string subsystem = {};
  std::string unit = {};  ///< becomes the name's end: `bytes`, `seconds`
  Labels constant_labels = {};
  bool utf8_names = false;  ///< allow any UTF-8 in metric and label names (Prometheus 3)
};

}  // namespace weir
