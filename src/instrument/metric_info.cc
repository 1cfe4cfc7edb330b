#include "instrument/metric_info.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "model/names.h"
#include "weir/error.h"

namespace weir {
namespace {

template <typename Options>
MetricInfo common_info(const Options& options, std::string_view unit, MetricType type,
                       std::vector<std::string> label_names) {
  const NameRules rules = options.utf8_names ? NameRules::utf8 : NameRules::classic;
  MetricInfo info;
  info.type = type;
  info.help = options.help;
  info.unit = unit;
  info.constant_labels = options.constant_labels;
  info.label_names = std::move(label_names);
  std::string_view name = options.name;
  const std::string_view suffix = type == MetricType::counter ? "_total" : type == MetricType::info ? "_info" : "";
  if (name.size() > suffix.size() && name.ends_with(suffix)) name.remove_suffix(suffix.size());
  info.name = full_name(options.name_space, options.subsystem, name, unit);
  info.sample_name = info.name + std::string(suffix);
  check_metric_name(info.name, rules);
  if (!is_valid_utf8(info.help)) throw ValueError(fmt::format("metric {}: its help is not valid UTF-8", info.name));

  std::vector<std::string> all_names = info.label_names;
  for (const auto& [label, value] : info.constant_labels) {
    all_names.push_back(label);
    check_label_value(label, value);
  }
  check_label_names(all_names, type, rules);
  return info;
}

std::vector<double> checked_bounds(std::string_view metric, std::vector<double> bounds) {
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i])) throw ValueError(fmt::format("histogram {}: bucket {} is NaN", metric, i));
    if (i > 0 && !(bounds[i - 1] < bounds[i])) {
      throw ValueError(fmt::format("histogram {}: bucket bounds must ascend, but {} comes after {}", metric, bounds[i],
                                   bounds[i - 1]));
    }
  }
  if (bounds.empty() || !std::isinf(bounds.back())) bounds.push_back(std::numeric_limits<double>::infinity());
  if (bounds.size() < 2)
    throw ValueError(fmt::format("histogram {}: at least one finite bucket bound is needed", metric));
  return bounds;
}

}  // namespace

MetricInfo metric_info(const CounterOptions& options, std::vector<std::string> label_names) {
  return common_info(options, options.unit, MetricType::counter, std::move(label_names));
}

MetricInfo metric_info(const GaugeOptions& options, std::vector<std::string> label_names) {
  MetricInfo info = common_info(options, options.unit, MetricType::gauge, std::move(label_names));
  info.mode = options.mode;
  return info;
}

MetricInfo metric_info(const HistogramOptions& options, std::vector<std::string> label_names) {
  MetricInfo info = common_info(options, options.unit, MetricType::histogram, std::move(label_names));
  info.bounds = checked_bounds(info.name, options.buckets);
  return info;
}

MetricInfo metric_info(const SummaryOptions& options, std::vector<std::string> label_names) {
  return common_info(options, options.unit, MetricType::summary, std::move(label_names));
}

MetricInfo metric_info(const InfoOptions& options, std::vector<std::string> label_names) {
  MetricInfo info = common_info(options, {}, MetricType::info, std::move(label_names));
  info.mode = GaugeMode::max;
  return info;
}

MetricInfo metric_info(const EnumOptions& options, std::vector<std::string> label_names) {
  MetricInfo info = common_info(options, {}, MetricType::stateset, std::move(label_names));
  info.mode = GaugeMode::mostrecent;
  info.states = options.states;
  if (info.states.empty()) throw ValueError(fmt::format("enum {}: it needs at least one state", info.name));
  for (auto it = info.states.begin(); it != info.states.end(); ++it) {
    check_label_value(info.name, *it);
    if (std::find(info.states.begin(), it, *it) != it) {
      throw ValueError(fmt::format("enum {}: state \"{}\" stands twice", info.name, *it));
    }
  }
  if (std::ranges::find(info.label_names, info.name) != info.label_names.end()) {
    throw ValueError(fmt::format("enum {}: a label of the enum's own name is taken by the state", info.name));
  }
  return info;
}

std::vector<std::string> claimed_names(const MetricInfo& info) {
  switch (info.type) {
    case MetricType::histogram:
      return {info.name, info.name + "_bucket", info.name + "_count", info.name + "_sum"};
    case MetricType::summary:
      return {info.name, info.name + "_count", info.name + "_sum"};
    default:
      if (info.sample_name == info.name) return {info.name};
      return {info.sample_name, info.name};  // the one people write and see first: messages name the first that clashes
  }
}

}  // namespace weir
