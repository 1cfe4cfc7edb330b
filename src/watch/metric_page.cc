#include "watch/metric_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "watch/column_text.h"
#include "watch/plot.h"

namespace weir {
namespace {

/// True where a writer's value is part of that metric. A gauge of the mode `all` has the label `pid` in the collection
/// alone.
bool belongs(const WatchedMetric& metric, const WriterShare& share) {
  const bool is_histogram = metric.type == MetricType::histogram;
  if (is_histogram && !share.sample.ends_with("_bucket") && !share.sample.ends_with("_count")) return false;
  if (metric.type == MetricType::summary && !share.sample.ends_with("_count")) return false;
  const auto find = [&metric](const Label& label) { return std::ranges::find(metric.shape.labels, label); };
  for (const Label& label : share.labels) {
    if (is_histogram && label.first == "le") continue;
    if (find(label) == metric.shape.labels.end()) return false;
  }
  const auto pid = std::ranges::find(metric.shape.labels, "pid", &Label::first);
  const bool has_added_pid = metric.type == MetricType::gauge && pid != metric.shape.labels.end() &&
                             std::ranges::find(share.labels, "pid", &Label::first) == share.labels.end();
  if (has_added_pid && pid->second != share.writer) return false;
  const auto own = std::ranges::count_if(
      share.labels, [is_histogram](const Label& label) { return !is_histogram || label.first != "le"; });
  return static_cast<std::size_t>(own) + (has_added_pid ? 1 : 0) == metric.shape.labels.size();
}

void add_pictures(std::vector<ScreenLine>& lines, const Watch& watch, const WatchedMetric& metric,
                  std::size_t columns) {
  const PlotSize size{.width = columns};
  if (metric.type == MetricType::histogram) {
    const std::vector<BucketCount> all = metric.all(watch.values());
    lines.push_back({"of all:                " + quantile_line(all)});
    lines.push_back({"since watching began:  " + quantile_line(metric.since_start(watch.values()))});
    lines.emplace_back();
    lines.push_back({fit_right("UP TO", 10) + " " + fit_right("OBSERVED", 10), Style::heading});
    for (std::string& line : plot_buckets(all, size)) lines.push_back({std::move(line)});
    return;
  }
  if (metric.type == MetricType::summary) {
    for (const BucketCount& quantile : metric.all(watch.values())) {
      lines.push_back({fmt::format("quantile {}: {}", number_text(quantile.bound), rate_text(quantile.count))});
    }
  }
  lines.emplace_back();
  lines.push_back(
      {only_grows(metric.type) ? "rate per second, the newest on the right" : "value, the newest on the right",
       Style::heading});
  for (std::string& line : plot_over_time(metric.past, size)) lines.push_back({std::move(line)});
}

void add_writers(std::vector<ScreenLine>& lines, const WatchedMetric& metric, const FamilySplit* split) {
  if (split == nullptr) return;
  lines.emplace_back();
  lines.push_back({fit_right("VALUE", 12) + "  " + fit("STATE", 8) + "  WRITER", Style::heading});
  for (const WriterValue& one : writer_values(metric, *split)) {
    lines.push_back({fmt::format("{}  {}  {}", fit_right(number_text(one.value), 12), fit(to_string(one.state), 8),
                                 shown_text(one.writer)),
                     one.state == WriterState::dead ? Style::warning : Style::plain});
  }
  if (split->is_cut) lines.push_back({"  and more, which are not shown", Style::faint});
}

}  // namespace

std::vector<WriterValue> writer_values(const WatchedMetric& metric, const FamilySplit& split) {
  std::vector<WriterValue> out;
  for (const WriterShare& share : split.shares) {
    if (!belongs(metric, share)) continue;
    const auto at = std::ranges::find(out, share.writer, &WriterValue::writer);
    if (at == out.end()) {
      out.push_back({share.writer, share.state, share.value});
    } else {
      at->value += share.value;
    }
  }
  return out;
}

std::vector<ScreenLine> metric_page(const Watch& watch, const WatchedMetric& metric, const FamilySplit* split,
                                    std::size_t columns) {
  const FamilyHead& head = watch.families()[metric.shape.family].head;
  std::vector<ScreenLine> lines;
  for (std::string& line : wrapped(metric.shape.text, columns, 2)) lines.push_back({std::move(line), Style::title});
  if (!head.help.empty()) {
    for (std::string& line : wrapped(head.help, columns, 0)) lines.push_back({std::move(line), Style::faint});
  }
  const bool counts_observations = metric.type == MetricType::histogram || metric.type == MetricType::summary;
  lines.push_back(
      {fmt::format("{}: {} {}, rate {}/s, change {}", to_string(metric.type), counts_observations ? "count" : "value",
                   number_text(metric.value), rate_text(metric.rate), change_text(metric.change))});
  if (counts_observations) {
    lines.push_back({fmt::format("sum {}, mean {}", rate_text(metric.sum),
                                 rate_text(metric.value > 0 ? metric.sum / metric.value : WatchedMetric::kNotKnown))});
  }
  add_pictures(lines, watch, metric, columns);
  add_writers(lines, metric, split);
  for (ScreenLine& line : lines) {
    if (columns_of(line.text) > columns) line.text = fit(line.text, columns);
  }
  return lines;
}

}  // namespace weir
