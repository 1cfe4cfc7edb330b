// Removing the `live*` gauges of processes that have ended. Nothing else of a dead process may go before it is folded:
// a counter would fall (I2).
//
// A process whose lease runs is left alone, whoever asks: its pid may be another host's.
//
// Thread safety: any thread. Process safety: several may do it at once; a writer that was only paused makes its keys
// again when it finds them gone. Invariant: I2.
#pragma once

#include <cstddef>

#include "redis_storage/value_hashes.h"

namespace weir {

/// Those of the process `pid`, found by SCAN, also where Python wrote them. Gives how many there were. Throws
/// ValueError for a pid below 1, and what commands throw.
std::size_t remove_live_gauges(const ValueHashes& hashes, long pid);

/// Those of every writer that has a claim and no lease. Gives how many there were. Throws what commands throw.
std::size_t remove_live_gauges_of_the_dead(const ValueHashes& hashes);

}  // namespace weir
