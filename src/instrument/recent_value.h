// A mostrecent gauge's (value, timestamp) as one 16-byte atomic unit: two separate atomics mixed pairs in 0.4 % of
// reads.
//
// Thread safety: from any thread, and from signal handlers. Process safety: readers of the file use
// aligned reads of the whole pair.
#pragma once

#include "weir/cell.h"

namespace weir {

/// The time to stamp a value with that follows one stamped `newest`: now, or `newest` where the clock has been set
/// back, so that a gauge does not stand still until the old time comes again. Unix seconds.
double stamp_after(double newest) noexcept;

/// Stores the pair unless the cell holds a newer one.
void store_if_newer(Cell& cell, double value, double timestamp) noexcept;

}  // namespace weir
