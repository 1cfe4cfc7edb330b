#include "collect/value_sums.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "model/series_text.h"

namespace weir {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double load(const char* at) noexcept {
  double v = 0;
  std::memcpy(&v, at, sizeof v);
  return v;
}

template <typename Take>
void each_value(const CellWindow& window, Take take) {
  if (const double* value = window.values; value != nullptr) {
    for (const CellPlace* cell = window.begin; cell != window.end; ++cell) take(*cell, *value++);
    return;
  }
  const char* origin = window.bytes;
  for (const CellPlace* cell = window.begin; cell != window.end; ++cell) {
    take(*cell, load(origin + (cell->offset() - window.offset)));
  }
}

/// True where NaN is no value a program can have counted: counters and bucket counts. A `_sum` becomes NaN by observing
/// one, a gauge by setting it.
bool refuses_nan(FileKind kind, std::string_view series) noexcept {
  if (kind.type == MetricType::counter) return true;
  if (kind.type == MetricType::gauge) return false;
  const std::string_view name = series_name(series);
  return name.ends_with("_bucket") || name.ends_with("_count");
}

}  // namespace

void ValueSums::begin(const MergePlan& plan) {
  table_ = plan.table.get();
  values_.assign(plan.table->size(), 0);
  seconds_.assign(plan.table->size(), 0);
  exact_.clear();
  for (const MergePlan::Range& range : plan.ranges) {
    const MergeRule rule = merge_rule(range.kind.type, range.kind.mode);
    if (rule == MergeRule::min || rule == MergeRule::max) std::fill_n(values_.begin() + range.first, range.count, kNaN);
    if (rule == MergeRule::most_recent) {
      std::fill_n(seconds_.begin() + range.first, range.count, -std::numeric_limits<double>::infinity());
    }
  }
}

void ValueSums::add(FileKind kind, const CellWindow& window, std::vector<CellPlace>& refused) {
  double* values = values_.data();
  switch (merge_rule(kind.type, kind.mode)) {
    case MergeRule::sum:
      return sum(kind, window, refused);
    case MergeRule::min:
      return each_value(window, [values](CellPlace cell, double v) {
        if (v < values[cell.series] || std::isnan(values[cell.series])) values[cell.series] = v;
      });
    case MergeRule::max:
      return each_value(window, [values](CellPlace cell, double v) {
        if (v > values[cell.series] || std::isnan(values[cell.series])) values[cell.series] = v;
      });
    case MergeRule::last:
      return each_value(window, [values](CellPlace cell, double v) { values[cell.series] = v; });
    case MergeRule::most_recent:
      return take_newest(window);
  }
}

void ValueSums::sum(FileKind kind, const CellWindow& window, std::vector<CellPlace>& refused) {
  double* values = values_.data();
  each_value(window, [&, values](CellPlace cell, double v) {
    const TwoSum step = two_sum(values[cell.series], v);
    // Whole numbers below 2^53 never leave this path; anything not finite makes the error NaN.
    if (step.error == 0) [[likely]] {
      values[cell.series] = step.sum;
    } else if (std::isnan(v) && refuses_nan(kind, table_->series(cell.series))) {
      refused.push_back(cell);
    } else {
      add_inexact(cell.series, v);
    }
  });
}

void ValueSums::add_inexact(std::uint32_t series, double v) {
  if (const auto at = exact_.find(series); at != exact_.end()) {
    at->second.add(v);
    return;
  }
  PairSum pair{values_[series], seconds_[series]};
  if (pair.add(v)) {
    values_[series] = pair.high;
    seconds_[series] = pair.low;
    return;
  }
  // The pair stays behind as 0: the fast path may still add to it, exactly, and finish() puts both together.
  ExactSum& exact = exact_[series];
  exact.add(pair.high);
  exact.add(pair.low);
  exact.add(v);
  values_[series] = 0;
  seconds_[series] = 0;
}

void ValueSums::take_newest(const CellWindow& window) {
  for (const CellPlace* cell = window.begin; cell != window.end; ++cell) {
    const char* at = window.bytes + (cell->offset() - window.offset);
    const double v = load(at);
    double time = window.has_timestamps ? load(at + sizeof(double)) : 0;
    if (std::isnan(time)) time = 0;
    double& value = values_[cell->series];
    double& newest = seconds_[cell->series];
    // Equal times: the larger value, so that file order does not matter; NaN only where there is nothing else.
    if (time > newest || (time == newest && (v > value || std::isnan(value)))) {
      newest = time;
      value = v;
    }
  }
}

std::vector<double> ValueSums::finish(const MergePlan& plan) {
  for (auto& [series, exact] : exact_) {
    exact.add(values_[series]);
    exact.add(seconds_[series]);
    values_[series] = exact.value();
    seconds_[series] = 0;
  }
  for (const MergePlan::Range& range : plan.ranges) {
    if (merge_rule(range.kind.type, range.kind.mode) != MergeRule::sum) continue;
    for (std::uint32_t i = range.first; i < range.first + range.count; ++i) values_[i] += seconds_[i];
  }
  for (const MergePlan::Histogram& histogram : plan.histograms) {
    double so_far = 0;
    for (std::uint32_t i = histogram.first; i < histogram.first + histogram.buckets; ++i) {
      so_far += values_[i];
      values_[i] = so_far;
    }
    if (histogram.has_count) values_[histogram.first + histogram.buckets] = so_far;
  }
  return std::move(values_);
}

}  // namespace weir
