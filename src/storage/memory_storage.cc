#include "storage/memory_storage.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "storage/cell_space.h"

namespace weir {

Cell* MemoryStorage::Arena::take(std::size_t count) {
  if (auto it = free_.find(count); it != free_.end() && !it->second.empty()) {
    Cell* const run = it->second.back();
    it->second.pop_back();
    return run;
  }
  if (left_ < count) {
    const std::size_t cells = std::max(kChunkCells, (count + 3) / 4 * 4);
    auto* const bytes = static_cast<std::byte*>(std::aligned_alloc(64, cells * sizeof(Cell)));
    if (bytes == nullptr) throw std::bad_alloc();
    chunks_.emplace_back(bytes, [](std::byte* p) { std::free(p); });
    next_ = reinterpret_cast<Cell*>(bytes);
    left_ = cells;
    for (std::size_t i = 0; i < cells; ++i) new (next_ + i) Cell{};
  }
  Cell* const run = next_;
  next_ += count;
  left_ -= count;
  return run;
}

void MemoryStorage::Arena::give_back(Cell* run, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    run[i].value.store(0, std::memory_order_relaxed);  // relaxed: the registration lock orders it
    run[i].timestamp.store(0, std::memory_order_relaxed);
  }
  free_[count].push_back(run);
}

void MemoryStorage::make_cells(const CellGroup& /*group*/, std::size_t slot, std::span<Cell*> out) {
  Cell* const run = arenas_[slot].take(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = run + i;
}

void MemoryStorage::release_cells(const CellGroup& /*group*/, std::size_t slot, std::span<Cell* const> cells) noexcept {
  try {
    if (cells.front() != nullptr) arenas_[slot].give_back(cells.front(), cells.size());
  } catch (const std::bad_alloc&) {
    // The cells stay unused; nothing else is lost.
  }
}

Storage& memory_storage() { return cell_space().memory(); }

}  // namespace weir
