// Numbers for cells, process-wide: a child holds a run of consecutive ids, and each id has a Home that never moves.
//
//   id 0 … 4095      chunk 0 of homes
//   id 4096 … 8191   chunk 1 …
//
// A run never straddles two chunks, so a child reaches all its homes by one pointer.
//
// Thread safety: guarded by the registration lock. Process safety: homes lie in pages that fork empties; the numbering
// itself is ordinary memory and stays the same in a child.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "weir/cell.h"

namespace weir {

class CellIds {
 public:
  /// The most samples one child may have (a histogram's buckets and its sum).
  static constexpr std::uint32_t kMaxRun = 4096;

  struct Run {
    std::uint32_t first = 0;
    Home* home = nullptr;
  };
  /// A run of `count` ids whose homes are zero. Throws ValueError beyond kMaxRun, std::bad_alloc without memory.
  Run take(std::uint32_t count);
  /// Gives a run back; its homes are cleared.
  void give_back(Run run, std::uint32_t count) noexcept;

 private:
  std::vector<Home*> chunks_;
  std::uint32_t next_ = 0;                          // the first id never given out
  std::map<std::uint32_t, std::vector<Run>> free_;  // by length
};

}  // namespace weir
