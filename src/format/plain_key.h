// The quick way through the commonest keys: those Python or we wrote, of printable ASCII without a single escape.
//
//   if (!read_plain_key(json, key)) parser.parse(json, key);     // KeyParser does this itself
//
// Such a key needs no JSON parser: strings end at the next quote. 128,000 keys stand between a cold scrape and its
// answer. Thread safety: pure function.
#pragma once

#include <string_view>

#include "format/json_key.h"

namespace weir {

/// False for every other key, right or wrong; `out` is then unspecified.
bool read_plain_key(std::string_view json, MetricKey& out);

}  // namespace weir
