// How `weir` ends, the same in every subcommand.
#pragma once

namespace weir::cli {

inline constexpr int kGood = 0;    ///< what was skipped is named on standard error
inline constexpr int kFaults = 1;  ///< `check` found faults, nothing could be read, or the port cannot be had
inline constexpr int kUsage = 2;   ///< an argument or variable cannot be used

}  // namespace weir::cli
