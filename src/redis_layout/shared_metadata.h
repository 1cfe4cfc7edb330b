// What the shared layout keeps beside its values, so that a reader without the program's registry can expose them: the
// HASH `[<prefix>-]weir.metadata`, a field a metric, its value one JSON object.
//
//   {"type": "histogram", "help": "Latency.", "mode": "", "buckets": ["0.1", "1.0", "+Inf"], "labels": ["route"],
//    "sample": "latency_seconds"}
//
//   type      counter, gauge, histogram, summary
//   mode      a gauge's multiprocess mode; else empty
//   buckets   a histogram's bounds as its keys spell them, ascending, `+Inf` last; else empty
//   labels    the label names in declared order; empty: the keys are strings
//   sample    the name a value is exposed by: `requests_total` of the counter `requests`; of histogram and summary the
//             name itself, to which `_bucket`, `_count`, `_sum` are added
//
// The field, and so the keys, are of counters and gauges the exposed name (`sample`), else the metric's. Unknown
// members are passed over.
//
// Thread safety: pure functions. Invariants: I4, I5.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "weir/types.h"

namespace weir {

struct SharedMetadata {
  MetricType type = MetricType::unknown;
  std::string help;
  GaugeMode mode = GaugeMode::all;
  std::vector<std::string> buckets;
  std::vector<std::string> labels;
  std::string sample;

  bool operator==(const SharedMetadata&) const = default;
};

std::string shared_metadata_json(const SharedMetadata& metadata);
/// Throws FormatError naming what is missing or wrong.
SharedMetadata parse_shared_metadata(std::string_view json);

}  // namespace weir
