// Slots: one set of cells for each thread that runs at the same time as others.
//
// A thread takes a slot at its first write and gives it back when it ends; the next thread takes over the same slot
// with all its cells. So there are as many slots as threads ever ran at once, not as ever ran.
//
// Thread safety: guarded by the registration lock, which is also all the ordering a slot needs when it changes hands.
// Process safety: tables are pages that fork empties; start_in_child() forgets them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "weir/cell.h"

namespace weir {

class Slots {
 public:
  /// The number of the calling thread's slot, taken now if it has none. Throws std::bad_alloc.
  std::size_t mine();
  /// False for a thread that is ending and has given its slot back: it must not take another.
  static bool may_take() noexcept;
  /// The calling thread's table, grown so that ids below `end` have an entry. Throws std::bad_alloc.
  SlotTable& my_table(std::uint32_t end);

  std::size_t size() const noexcept { return tables_.size(); }
  SlotTable& table(std::size_t slot) noexcept { return *tables_[slot]; }
  /// In a child, before anything else: no slots, and the calling thread holds none.
  void start_in_child() noexcept;
  /// Takes the calling thread's slot from it (thread exit).
  void give_back() noexcept;
  /// In a forked child: the calling thread holds no slot, whichever thread makes the child's first write.
  static void forget_mine() noexcept;

 private:
  std::vector<SlotTable*> tables_;  // by slot
  std::vector<std::size_t> free_;
};

}  // namespace weir
