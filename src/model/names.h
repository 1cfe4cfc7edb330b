// Which metric and label names are allowed, and why one is not.
//
// Classic rules: metric `[a-zA-Z_:][a-zA-Z0-9_:]*`, label `[a-zA-Z_][a-zA-Z0-9_]*`. With NameRules::utf8, any non-empty
// valid UTF-8 (Prometheus 3). Label names starting with `__` are reserved in both.
// Source: https://prometheus.io/docs/concepts/data_model/
//
// Thread safety: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

enum class NameRules : std::uint8_t { classic, utf8 };

bool is_classic_metric_name(std::string_view name) noexcept;
bool is_classic_label_name(std::string_view name) noexcept;
bool is_valid_utf8(std::string_view text) noexcept;

/// Throws ValueError naming the name and the rule it breaks.
void check_metric_name(std::string_view name, NameRules rules);
/// Throws ValueError for a bad, reserved (`__…`, or the type's own: `le` for histograms, `quantile` for summaries)
/// or repeated label name. `type` decides which are reserved.
void check_label_names(std::span<const std::string> names, MetricType type, NameRules rules);
/// Throws ValueError when `value` is not valid UTF-8.
void check_label_value(std::string_view label, std::string_view value);

/// `namespace_subsystem_name_unit`, empty parts left out; the unit is not repeated when the name ends with it.
std::string full_name(std::string_view ns, std::string_view subsystem, std::string_view name, std::string_view unit);

}  // namespace weir
