// An exemplar as it stands in Redis: the field `exemplar` of a metric hash.
//
//   {"labels": {"trace_id": "4bf92f"}, "value": 0.25, "timestamp": 1700000000.5}
//
// Spaced and escaped as Python's json.dumps does it. Numbers JSON cannot say (`inf`, `nan`) are strings.
//
// Thread safety: pure functions. Invariants: I4.
#pragma once

#include <string>
#include <string_view>

#include "weir/snapshot.h"

namespace weir {

std::string exemplar_json(const Exemplar& exemplar);
/// Label order is free; unknown members are passed over; `timestamp` may be missing. Throws FormatError for what is no
/// exemplar that a scraper takes: not such an object, label names outside the classic rules, more than 128 characters
/// of labels, a timestamp that is not finite.
Exemplar parse_exemplar_json(std::string_view json);

}  // namespace weir
