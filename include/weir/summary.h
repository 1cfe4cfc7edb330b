// A Summary counts observations and adds them up: enough for an average, exact over many processes.
//
//   weir::Summary& size = registry.summary({.name = "response_bytes", .help = "Size of responses."});
//   size.observe(512);
//
// No quantiles: they cannot be added over processes; use a Histogram for them.
//
// Thread safety: every member from any thread; observe() never locks from a thread's second call on.
// Process safety: see weir/cell.h. Invariants: I1, I2, I3, I7.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/child.h"

namespace weir {

class Summary final : public Child {
 public:
  using Options = struct SummaryOptions;

  Summary(ChildKey, const MetricInfo& info, std::span<const std::string_view> values) : Child(info, values) {}
  ~Summary() override { close(); }

  void observe(double value) noexcept { add_both(0, 1.0, 1, value); }
  /// What this process has observed.
  double count() const { return read(0); }
  double sum() const { return read(1); }

  SampleName sample_name(std::uint32_t i) const override;

 private:
  std::uint32_t sample_count() const noexcept override;
  void describe(SeriesTableBuilder& table) const override;
  void append_values(std::vector<double>& values) const override;
};

struct SummaryOptions {
  std::string name;
  std::string help;
  std::string name_space = {};
  std::string subsystem = {};
  std::string unit = {};
  Labels constant_labels = {};
  bool utf8_names = false;
};

}  // namespace weir
