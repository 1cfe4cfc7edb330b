// Text expositions read back: what any exporter's /metrics says, as a collection.
//
//   std::shared_ptr<const Collection> seen = parse_exposition("# TYPE up gauge\nup 1\n",
//   "http://127.0.0.1:9100/metrics");
//
// Text 0.0.4 and OpenMetrics 1.0, also mixed, lines in any order, UTF-8 names in quotes. Timestamps, exemplars and the
// `_created` series of OpenMetrics are read over: what is watched is watched now.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics 1.0 specification.
//
// Thread safety: pure function. Invariants: I4 (a line that cannot be read costs that line, and is named).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "weir/snapshot.h"

namespace weir {

/// The families of `body`, in the order they are met. Lines that cannot be read become problems of the reasons
/// `bad_line` and `duplicate`, whose subject is `origin`; the first few are told, the rest counted.
std::shared_ptr<const Collection> parse_exposition(std::string_view body, const std::string& origin);

}  // namespace weir
