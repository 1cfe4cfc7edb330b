// The hot path: a counter increment is one load, one add and one store into a cell no other thread writes.
//
// A *cell* is 16 bytes in memory or in a mapped file. Every child (one label set of a metric) has one *shared cell* a
// process, written with atomic operations, and for counters, histograms and summaries one cell a *slot*, which only the
// thread that holds the slot writes. A thread finds its cell through its slot's table, indexed by the child's cell ids:
//
//     t_slot ──> SlotTable { capacity | Cell* Cell* Cell* … }      anonymous pages, MADV_WIPEONFORK
//                                        │
//                                        └──> Cell { value, timestamp }    memory or file
//
// Tables are pages the kernel empties in a forked child, so a child finds capacity 0, takes the slow path, and there
// gets cells of its own (protocols P1 and P2 in docs/protocols.md): fork costs the hot path no check.
//
// Thread safety: everything public here may be called from any thread. A normal `add` interrupted by a signal handler
// that adds to the same cell may lose one of the two; handlers use add_async. Process safety: other processes read the
// cells through the file. After SIGKILL at any instruction, every add that returned is in the file (I1). After fork the
// child counts from zero, the parent's cells are untouched (I7).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "weir/types.h"

namespace weir {

class Backend;
class Storage;

/// One sample's value and its timestamp (Unix seconds; 0 when not kept).
struct alignas(16) Cell {
  std::atomic<double> value{0};
  std::atomic<double> timestamp{0};
};
static_assert(sizeof(Cell) == 16 && std::atomic<double>::is_always_lock_free);

/// One slot's cells by id. `capacity` entries follow the struct. Written under the registration lock: entries are made
/// by the slot's thread, and cleared by whichever thread removes their child.
struct alignas(8) SlotTable {
  std::uint64_t capacity = 0;

  std::atomic<Cell*>* entries() noexcept { return reinterpret_cast<std::atomic<Cell*>*>(this + 1); }
  /// The slot's cell of that id, or nullptr: then the slow path makes it.
  Cell* find(std::uint32_t id) noexcept {
    // Relaxed: the entry was stored by this thread, or by a thread that gave the slot back under the registration lock.
    return id < capacity ? entries()[id].load(std::memory_order_relaxed) : nullptr;
  }
};

/// The calling thread's slot, or a table of capacity 0. Initial-exec: one load in a shared library too.
extern constinit thread_local SlotTable* t_slot __attribute__((tls_model("initial-exec")));

/// Where a child's shared cell is found; lies in pages that fork empties.
struct Home {
  std::atomic<Cell*> cell;      ///< nullptr before the process's first write
  std::atomic<double> pending;  ///< counted while `cell` was nullptr; moved to the cell when it is made
};

/// The cells of one child: `count` ids in a row, one a sample. Base of every child; not for use by itself.
class CellGroup {
 public:
  CellGroup(const CellGroup&) = delete;
  CellGroup& operator=(const CellGroup&) = delete;
  /// Calls close().
  virtual ~CellGroup();

  /// The metric as keys name it: what sample `i` is called, with which labels. Cold; for storages and backends.
  struct SampleName {
    std::string sample_name;
    Labels labels;
    std::string bucket;  ///< the `le` of a histogram bucket, else empty
  };
  virtual SampleName sample_name(std::uint32_t i) const = 0;
  virtual std::string_view family_name() const noexcept = 0;
  virtual std::string_view help() const noexcept = 0;
  virtual MetricType type() const noexcept = 0;  ///< as stored: counter, gauge, histogram or summary
  virtual GaugeMode mode() const noexcept { return GaugeMode::all; }

  std::uint32_t cell_count() const noexcept { return count_; }
  /// `SingleProcessBackend`, `MultiProcessFileBackend`, or the user's own.
  std::string_view backend_name() const noexcept;
  /// False when the storage had no room for it and its values stay in this process's memory.
  bool is_stored() const noexcept { return !fell_back_; }

 protected:
  CellGroup();
  /// Takes ids and makes the shared cells; the registration lock must be held. Throws only when ids or memory run out:
  /// a storage that fails is logged and replaced by memory (is_stored() says so).
  void open(Storage& storage, std::uint32_t count);
  /// Gives ids and cells back; takes the registration lock. Call it first in the destructor of the most derived class:
  /// storages ask for sample names here.
  void close() noexcept;

  /// Adds to sample `i` in the calling thread's slot.
  void add(std::uint32_t i, double amount) noexcept {
    if (Cell* cell = t_slot->find(first_ + i)) [[likely]] {
      bump(*cell, amount);
    } else {
      add_slowly(i, amount);
    }
  }
  /// Adds to two samples of one observation (a bucket and the sum); i < j, so one comparison with the capacity covers
  /// both.
  void add_both(std::uint32_t i, double amount_i, std::uint32_t j, double amount_j) noexcept {
    SlotTable& slot = *t_slot;
    Cell* const b = slot.find(first_ + j);
    Cell* const a = b != nullptr ? slot.entries()[first_ + i].load(std::memory_order_relaxed) : nullptr;
    if (a != nullptr) [[likely]] {
      bump(*a, amount_i);
      bump(*b, amount_j);
    } else {
      add_slowly(i, amount_i);
      add(j, amount_j);
    }
  }
  /// Adds to the shared cell atomically: async-signal-safe, for handlers.
  void add_async(std::uint32_t i, double amount) noexcept;

  /// The shared cell of sample `i`, made if this process has none yet; nullptr only for a user's own backend, and in
  /// the rare places where the cell cannot be made now (add_async and set_slowly cover them).
  Cell* shared_cell(std::uint32_t i) noexcept {
    Cell* const cell = home_[i].cell.load(std::memory_order_acquire);  // pairs with the release in publish()
    return cell != nullptr ? cell : shared_cell_slowly(i);
  }
  /// Makes the objects that hold its `count` values, where `storage` has such; before open(), and without the
  /// registration lock, because they are user code. Throws what the backend's constructor throws.
  void make_backends(Storage& storage, std::uint32_t count);
  /// Calls `call` with the backend of sample `i`, logging what it throws. False when the group has cells instead.
  bool call_backend(std::uint32_t i, std::string_view verb, const std::function<void(Backend&)>& call) noexcept;
  /// Asks the backends for their values, which read_locked() then gives. Without the registration lock. Throws what
  /// they throw.
  void refresh_backends();
  /// Where it lives. Under the registration lock.
  Storage& storage() const noexcept { return *storage_; }

  /// The process's value of sample `i`: shared cell, pending and every slot. Takes the registration lock.
  double read(std::uint32_t i) const;
  /// The same with the registration lock held already; of a user's own backend, the value of the last
  /// refresh_backends().
  double read_locked(std::uint32_t i) const;

 private:
  friend class CellSpace;

  static void bump(Cell& cell, double amount) noexcept {
    // Relaxed: nothing is published through a value; readers want whole doubles only.
    cell.value.store(cell.value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void add_slowly(std::uint32_t i, double amount) noexcept;
  Cell* shared_cell_slowly(std::uint32_t i) noexcept;

  // Constant after open().
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  Home* home_ = nullptr;
  Storage* storage_ = nullptr;
  struct Own;
  std::unique_ptr<Own[]> own_;  // a user's own backends; null where cells hold the values
  bool fell_back_ = false;      // guarded by the registration lock
  // The list of all groups, guarded by the registration lock.
  CellGroup* next_ = nullptr;
  CellGroup* previous_ = nullptr;
};

}  // namespace weir
