// Families that cannot stand in one exposition under the names they came with, and the names they get instead.
//
// Two processes may declare `jobs` as a counter and as a gauge, or a gauge `jobs_total` beside a counter `jobs`. One of
// them keeps its name: the first in the order counter, gauge (by mode), histogram, summary. The other is shown as
// `jobs_conflict_gauge`, samples renamed along, so that both can be seen and neither swallows the other.
//
// Names clash when any of these is equal: the families' names (OpenMetrics), their samples' names (both formats). To a
// histogram belong `_bucket`, `_count` and `_sum`, to a summary the last two, also where no such sample is.
//
// Thread safety: pure functions. Invariants: I4, I5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/file_name.h"

namespace weir {

struct NamedFamily {
  std::string name;
  FileKind kind;                      ///< mode without its `live`
  std::vector<std::string> suffixes;  ///< of its samples' names
  std::uint32_t number = 0;           ///< whatever the caller knows it by
};

struct NameClash {
  std::uint32_t keeps = 0;    ///< number of the family that keeps its name
  std::uint32_t renamed = 0;  ///< number of the one that does not
  std::string shown;          ///< the renamed one's new name
};

/// Every family that must be renamed, in a fixed order whatever the order of `families`.
std::vector<NameClash> resolve_clashes(std::vector<NamedFamily> families);

}  // namespace weir
