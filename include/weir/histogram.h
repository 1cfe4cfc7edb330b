// A Histogram counts observations in buckets: request durations, response sizes.
//
//   weir::Histogram& latency = registry.histogram({.name = "latency_seconds", .help = "Time to answer."});
//   latency.observe(0.042);
//   { weir::Timer timer(latency); work(); }
//
// Thread safety: every member from any thread; observe() never locks from a thread's second call on.
// Process safety: see weir/cell.h. Buckets are stored one by one, not cumulated; a scrape derives `_count` from them,
// so count and buckets always agree. Invariants: I1, I2, I3, I7.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/buckets.h"
#include "weir/child.h"

namespace weir {

class Histogram final : public Child {
 public:
  using Options = struct HistogramOptions;

  Histogram(ChildKey, const MetricInfo& info, std::span<const std::string_view> values)
      : Child(info, values), bounds_(info.bounds.data()), finite_(static_cast<std::uint32_t>(info.bounds.size() - 1)) {}
  ~Histogram() override { close(); }

  /// Counts `value` in the first bucket whose bound is not below it, and adds it to the sum. NaN counts in `+Inf`.
  void observe(double value) noexcept { add_both(bucket_of(value), 1.0, finite_ + 1, value); }
  /// observe(value), keeping `exemplar` as its bucket's newest. Throws ValueError for labels OpenMetrics does not
  /// allow.
  void observe(double value, const Labels& exemplar);

  /// What this process has observed: counts a bucket, not cumulated, `+Inf` last.
  std::vector<double> bucket_counts() const;
  double sum() const { return read(finite_ + 1); }
  double count() const;

  SampleName sample_name(std::uint32_t i) const override;

 private:
  std::uint32_t bucket_of(double value) const noexcept {
    if (finite_ > 32) [[unlikely]]
      return bucket_by_halving(value);
    // Few bounds: comparing with all of them, two at a time, has no branch that depends on the value. Where they are
    // odd in number the last pair takes in +Inf.
    using Pair = double __attribute__((vector_size(16)));
    using PairOfCounts = long long __attribute__((vector_size(16)));
    const Pair both{value, value};
    PairOfCounts not_below{};  // -1 for each bound the value is not above; NaN is not below any
    for (std::uint32_t b = 0; b < finite_; b += 2) {
      Pair bounds;
      std::memcpy(&bounds, bounds_ + b, sizeof bounds);
      not_below += reinterpret_cast<PairOfCounts>(both <= bounds);
    }
    const std::uint32_t compared = finite_ + (finite_ & 1U);
    return std::min(compared + static_cast<std::uint32_t>(not_below[0] + not_below[1]), finite_);
  }
  std::uint32_t bucket_by_halving(double value) const noexcept {
    std::uint32_t i = 0;
    std::uint32_t n = finite_;
    while (n > 0) {
      const std::uint32_t half = n / 2;
      const bool above = !(value <= bounds_[i + half]);
      i = above ? i + half + 1 : i;
      n = above ? n - half - 1 : half;
    }
    return i;
  }
  std::uint32_t sample_count() const noexcept override;
  void describe(SeriesTableBuilder& table) const override;
  void append_values(std::vector<double>& values) const override;

  const double* const bounds_;
  const std::uint32_t finite_;  // bounds without +Inf: also the number of the +Inf bucket
};

struct HistogramOptions {
  std::string name;
  std::string help;
  std::vector<double> buckets = default_buckets();  ///< ascending; not sorted, repeated or NaN bounds are refused
  std::string name_space = {};
  std::string subsystem = {};
  std::string unit = {};
  Labels constant_labels = {};
  bool utf8_names = false;
};

}  // namespace weir
