// Who a process is in Redis, as lines of its record in the spool directory (spool.h).
//
//   own       bucket, pid, random text, how many names were made of it
//   identity  writer, token, whether it was folded, when       one line each, the current one last
//   folded    index member, value                              what was folded under the identity above
//
// Thread safety: pure functions. Invariants: I1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "redis_ship/own_identities.h"

namespace weir {

std::string spooled_identities(const OwnIdentities& own);
/// From a record's lines; nothing when they do not tell.
std::optional<OwnIdentities> read_spooled_identities(const std::vector<std::vector<std::string>>& lines);

}  // namespace weir
