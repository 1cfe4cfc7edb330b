// Names outside the classic rules, made classic by the scheme a scraper asked for.
//
//   escape_metric_name("http.requests", NameEscaping::values)   // U__http_2e_requests
//
// Classic names come back unchanged under every scheme, and so does everything under allow_utf8. The colon is a metric
// name's only: in a label name it is escaped like any other character, or no Prometheus 2 could read the line.
// Hexadecimal digits are lower case, as Go writes them.
// Thread safety: pure functions.
// Source: https://prometheus.io/docs/instrumenting/escaping_schemes/
#pragma once

#include <string>
#include <string_view>

#include "weir/exposition.h"

namespace weir {

std::string escape_metric_name(std::string_view name, NameEscaping scheme);
std::string escape_label_name(std::string_view name, NameEscaping scheme);

/// Appends a metric name as it stands in `# TYPE` lines: bare when classic, else quoted and escaped.
void append_header_name(std::string& out, std::string_view name);

/// Canonical series text (model/series_text.h) under a scheme that is not allow_utf8. `family` is the family's name:
/// what a histogram or summary adds to it (`_bucket`, `_sum`, `_count`) is added after escaping, as Go does.
/// Throws FormatError when `series` is not canonical text.
std::string escape_series(std::string_view series, std::string_view family, MetricType type, NameEscaping scheme);

}  // namespace weir
