#include "watch/watch.h"

#include <cmath>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t kMostAway = 100'000;  // what a program that makes new label sets for ever may cost

double value_at(std::span<const double> values, std::size_t index) {
  return index < values.size() ? values[index] : WatchedMetric::kNotKnown;
}

}  // namespace

bool only_grows(MetricType type) noexcept {
  return type == MetricType::counter || type == MetricType::histogram || type == MetricType::summary;
}

std::vector<BucketCount> WatchedMetric::all(std::span<const double> values) const {
  std::vector<BucketCount> out;
  out.reserve(shape.bounds.size());
  for (const auto& [bound, series] : shape.bounds) out.push_back({bound, value_at(values, series)});
  return out;
}

std::vector<BucketCount> WatchedMetric::since_start(std::span<const double> values) const {
  std::vector<BucketCount> out = all(values);
  for (std::size_t i = 0; i < out.size() && i < at_start.size(); ++i) out[i].count -= at_start[i];
  return out;
}

void Watch::add(std::shared_ptr<const Collection> reading, double seconds) {
  problems_ = reading->problems;
  is_stale_ = reading->snapshot.values.empty() && !problems_.empty();
  if (is_stale_) return;
  const bool is_other_table = reading->snapshot.table != last_->snapshot.table;
  last_ = std::move(reading);
  elapsed_ = readings_ == 0 ? 0 : seconds - at_;
  at_ = seconds;
  if (is_other_table) take_shapes();
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    take_values(metrics_[i], is_met_[i]);
    is_met_[i] = true;
  }
  ++readings_;
}

/// The metrics of the last reading's table, each with what is known of it from before.
void Watch::take_shapes() {
  for (WatchedMetric& metric : metrics_) {
    away_[metric.shape.text] = {metric.value, metric.change, std::move(metric.at_start), std::move(metric.past)};
  }
  metrics_.clear();
  is_met_.clear();
  by_text_.clear();
  for (MetricShape& shape : metric_shapes(*last_->snapshot.table)) {
    WatchedMetric metric;
    metric.type = families()[shape.family].head.type;
    const auto before = away_.find(shape.text);
    is_met_.push_back(before != away_.end());
    if (before != away_.end()) {
      metric.value = before->second.value;
      metric.change = before->second.change;
      // Other buckets than before are another histogram: seen from its beginning.
      if (before->second.at_start.size() == shape.bounds.size()) metric.at_start = std::move(before->second.at_start);
      metric.past = std::move(before->second.past);
      away_.erase(before);
    }
    by_text_.emplace(shape.text, metrics_.size());
    metric.shape = std::move(shape);
    metrics_.push_back(std::move(metric));
  }
  if (away_.size() > kMostAway) away_.clear();
}

void Watch::take_values(WatchedMetric& metric, bool is_met_before) const {
  const double before = metric.value;
  const bool grows = only_grows(metric.type);
  metric.value = value_at(values(), metric.shape.value);
  metric.sum = value_at(values(), metric.shape.sum);
  metric.rate = WatchedMetric::kNotKnown;
  const bool is_histogram = metric.type == MetricType::histogram;
  if (readings_ == 0) {
    if (is_histogram) {
      for (const BucketCount& bucket : metric.all(values())) metric.at_start.push_back(bucket.count);
    }
  } else if (is_met_before || grows) {
    const bool began_anew = grows && (!is_met_before || metric.value < before);
    const double growth = began_anew ? metric.value : metric.value - before;
    if (!std::isnan(growth)) metric.change += growth;
    if (elapsed_ > 0) metric.rate = growth / elapsed_;
    if (began_anew && is_histogram) metric.at_start.clear();
  }
  const double drawn = grows ? metric.rate : metric.value;
  if (std::isnan(drawn)) return;
  if (metric.past.size() == kPast) metric.past.erase(metric.past.begin());
  metric.past.push_back(static_cast<float>(drawn));
}

void Watch::start_anew() {
  for (auto& [text, before] : away_) {
    before.change = 0;
  }
  for (WatchedMetric& metric : metrics_) {
    metric.change = 0;
    if (metric.type != MetricType::histogram) continue;
    metric.at_start.clear();
    for (const BucketCount& bucket : metric.all(values())) metric.at_start.push_back(bucket.count);
  }
}

const WatchedMetric* Watch::find(const std::string& text) const {
  const auto at = by_text_.find(text);
  return at == by_text_.end() ? nullptr : &metrics_[at->second];
}

}  // namespace weir
