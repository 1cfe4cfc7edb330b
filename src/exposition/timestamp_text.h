// When a sample or an exemplar was measured, as it stands behind its value.
//
// Thread safety: pure functions.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and
// https://prometheus.io/docs/specs/om/open_metrics_spec/#timestamps
#pragma once

#include <string>

namespace weir {

/// Text 0.0.4: a blank and whole milliseconds of Unix time, cut as prometheus_client cuts them: ` 1520879607789`.
/// Nothing for what does not fit 64 bits, or is no number: it would cost the whole scrape.
void append_milliseconds(std::string& out, double seconds);

/// OpenMetrics: a blank and seconds of Unix time: ` 1520879607.789`. Nothing for what is no finite number.
void append_seconds(std::string& out, double seconds);

}  // namespace weir
