// The canonical text of a series: `name{a="b",c="d"}`; one spelling for one series, whatever wrote it (I5).
//
// Labels are sorted by name (bytewise). Values and quoted names escape `\`, `"` and newline. A metric name outside
// the classic rules is written `{"my.name",a="b"}`, such a label name `"my.label"="v"`.
// Source: Prometheus 3 UTF-8 exposition, https://github.com/prometheus/proposals (UTF-8 support)
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

/// Appends the canonical text to `out`. Labels may come in any order; names must be unique.
void append_series_text(std::string& out, std::string_view name, const Labels& labels);

/// Appends `value` with `\`, `"` and newline escaped (label values and quoted names).
void append_escaped(std::string& out, std::string_view value);

struct SeriesParts {
  std::string name;
  Labels labels;
};
/// Reads canonical text back. Throws FormatError on anything append_series_text does not write.
SeriesParts parse_series_text(std::string_view text);

/// Only the metric name of canonical text, without allocating for classic names (the view points into `text`);
/// for a quoted name the view is its escaped form, without the quotes.
std::string_view series_name(std::string_view text) noexcept;

}  // namespace weir
