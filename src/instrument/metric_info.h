// From what a user declares to what a family is: full names, checks, the rules of each type.
//
// Thread safety: pure functions. They throw ValueError naming the metric, the value and the rule.
#pragma once

#include <string>
#include <vector>

#include "weir/child.h"
#include "weir/counter.h"
#include "weir/enum.h"
#include "weir/gauge.h"
#include "weir/histogram.h"
#include "weir/info.h"
#include "weir/summary.h"

namespace weir {

MetricInfo metric_info(const CounterOptions& options, std::vector<std::string> label_names);
MetricInfo metric_info(const GaugeOptions& options, std::vector<std::string> label_names);
MetricInfo metric_info(const HistogramOptions& options, std::vector<std::string> label_names);
MetricInfo metric_info(const SummaryOptions& options, std::vector<std::string> label_names);
MetricInfo metric_info(const InfoOptions& options, std::vector<std::string> label_names);
MetricInfo metric_info(const EnumOptions& options, std::vector<std::string> label_names);

/// The names no other metric may have: the family's, and those of its samples.
std::vector<std::string> claimed_names(const MetricInfo& info);

}  // namespace weir
