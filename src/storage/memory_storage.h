// Cells in the process's own memory: nobody else reads them, and nothing survives the process.
//
// Each slot has an arena of its own, so cells of two threads never share a cache line.
//
// Thread safety: guarded by the registration lock, as all storages. Process safety: a child starts with empty arenas.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "weir/storage.h"

namespace weir {

class MemoryStorage : public Storage {
 public:
  std::string_view backend_name() const noexcept override { return "SingleProcessBackend"; }
  std::string describe() const override { return "this process's memory"; }

  void make_cells(const CellGroup& group, std::size_t slot, std::span<Cell*> out) override;
  void release_cells(const CellGroup& group, std::size_t slot, std::span<Cell* const> cells) noexcept override;
  void close_after_fork() noexcept override {}
  void start_in_child() override { arenas_.clear(); }

 private:
  // Cells handed out in runs, 64-byte lines at a time.
  class Arena {
   public:
    Cell* take(std::size_t count);
    void give_back(Cell* run, std::size_t count);

   private:
    static constexpr std::size_t kChunkCells = 256;  // one page
    std::vector<std::unique_ptr<std::byte, void (*)(std::byte*)>> chunks_;
    Cell* next_ = nullptr;
    std::size_t left_ = 0;
    std::map<std::size_t, std::vector<Cell*>> free_;  // runs by length
  };

  std::map<std::size_t, Arena> arenas_;  // by slot
};

}  // namespace weir
