#include "instrument/child_index.h"

#include <algorithm>
#include <bit>

namespace weir {

// Relaxed, where nothing else is said: only those who change the index read so, and the registration lock orders them.

FamilyBase::Index::Index(std::size_t children)
    : mask_(std::bit_ceil(std::max<std::size_t>(8, children * 2)) - 1),
      entries_(std::make_unique<Entry[]>(mask_ + 1)) {}

bool FamilyBase::Index::insert(std::uint64_t hash, Child* child) noexcept {
  for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
    Entry& entry = entries_[at];
    Child* const there = entry.child.load(std::memory_order_relaxed);
    if (there != nullptr && there != removed()) continue;
    if (there == nullptr) {
      if ((used_ + 1) * 4 > (mask_ + 1) * 3) return false;
      ++used_;
    }
    entry.hash.store(hash, std::memory_order_release);  // after removed(): see find
    entry.child.store(child, std::memory_order_release);
    return true;
  }
}

void FamilyBase::Index::remove(std::uint64_t hash, const Child* child) noexcept {
  for (std::size_t at = hash & mask_; entries_[at].child.load(std::memory_order_relaxed) != nullptr;
       at = (at + 1) & mask_) {
    if (entries_[at].child.load(std::memory_order_relaxed) != child) continue;
    entries_[at].child.store(removed(), std::memory_order_relaxed);
    empty_back_from(at);
    return;
  }
}

// Look-ups go past removed entries to what may lie behind them. Where nothing does, they can be empty again; without
// that, children that come and go would fill one index after the other.
void FamilyBase::Index::empty_back_from(std::size_t at) noexcept {
  if (entries_[(at + 1) & mask_].child.load(std::memory_order_relaxed) != nullptr) return;
  for (; entries_[at].child.load(std::memory_order_relaxed) == removed(); at = (at - 1) & mask_) {
    entries_[at].child.store(nullptr, std::memory_order_relaxed);
    --used_;
  }
}

}  // namespace weir
