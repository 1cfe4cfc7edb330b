// The process's cells, all of them: which child has which ids, which slot has which table, and what fork does to both.
//
// CellGroup (weir/cell.h) is its only customer; storages make the cells it asks for.
//
//   add ── hit ──> the slot's cell                                                 hot path, weir/cell.h
//    └─ miss ──> add_slowly ── lock, take a slot, make the cells ──> the slot's cell
//                     └─ no slot, no room, or interrupted a holder of the lock ──> the shared cell, atomically
//
// Thread safety: members take the registration lock themselves unless they say otherwise.
// Process safety: a page that fork empties tells that this is a new process; its first write finds that out on the slow
// path and makes every child's shared cell anew, at zero, in files of its own (P2). fork() itself holds the
// registration lock. Invariants: I1, I3, I7.
#pragma once

#include <vector>

#include "storage/cell_ids.h"
#include "storage/memory_storage.h"
#include "storage/registration_lock.h"
#include "storage/slots.h"
#include "weir/cell.h"
#include "weir/log.h"
#include "weir/storage.h"

namespace weir {

class CellSpace {
 public:
  /// Makes the group known and its shared cells. See CellGroup::open.
  void open(CellGroup& group, Storage& storage, std::uint32_t count) WEIR_REQUIRES(registration_lock());
  void close(CellGroup& group) noexcept;

  /// The calling thread's cell of sample `i`, with all the group's cells of this slot made; nullptr when that cannot be
  /// now.
  Cell* slot_cell(CellGroup& group, std::uint32_t i) noexcept;
  /// The shared cell, made if this process has none; nullptr when it cannot be made now.
  Cell* shared_cell(CellGroup& group, std::uint32_t i) noexcept;
  double read(const CellGroup& group, std::uint32_t i) WEIR_REQUIRES(registration_lock());

  /// The process's memory: where values go that another storage has no room for, so it is there from the start.
  Storage& memory() noexcept { return memory_; }
  /// A storage to be told about forks. Storages are never destroyed.
  void add_storage(Storage& storage);
  /// What add_storage was told; for calls that must not be made under the lock.
  std::vector<Storage*> storages();
  /// Gives the calling thread's slot back.
  void end_thread() noexcept;
  /// The most threads that counted at once, so far.
  std::size_t slot_count();
  /// Keeps a line for the log until the lock is free again.
  void say_later(LogLevel level, std::string line) WEIR_REQUIRES(registration_lock());
  /// Hands to the log what was to be said while the lock was held. Call it after letting go of the lock.
  void say_deferred() noexcept WEIR_EXCLUDES(registration_lock());
  /// After a storage refused a cell, threads do not ask again (and do no I/O) until something is registered.
  void allow_retry() noexcept WEIR_REQUIRES(registration_lock()) { storage_is_full_ = false; }

  /// In a forked child, before the locks fork took are let go (setup_lock.h).
  static void after_fork_in_child() noexcept WEIR_REQUIRES(registration_lock());

  CellSpace();

 private:
  struct ProcessMark;

  /// True in a child of _Fork or clone: the lock, and malloc's, may be held by a thread that exists only in the parent.
  bool is_behind_the_back() const noexcept;

  void become_process_if_new() WEIR_REQUIRES(registration_lock());
  void make_shared_cells(CellGroup& group) WEIR_REQUIRES(registration_lock());
  void make_slot_cells(CellGroup& group) WEIR_REQUIRES(registration_lock());
  static void publish(Home& home, Cell* cell) noexcept;

  CellIds ids_ WEIR_GUARDED_BY(registration_lock());
  Slots slots_ WEIR_GUARDED_BY(registration_lock());
  CellGroup* groups_ WEIR_GUARDED_BY(registration_lock()) = nullptr;
  MemoryStorage memory_;
  std::vector<Storage*> storages_ WEIR_GUARDED_BY(registration_lock()){&memory_};
  std::vector<Cell*> to_release_
      WEIR_GUARDED_BY(registration_lock());  // room that close() needs and must not have to ask for
  bool storage_is_full_ WEIR_GUARDED_BY(registration_lock()) = false;
  std::vector<std::pair<LogLevel, std::string>> deferred_ WEIR_GUARDED_BY(registration_lock());
  std::atomic<bool> has_deferred_{false};
  ProcessMark* mark_;  // in a page that fork empties
};

/// The process's cell space. Never destroyed: threads and exit handlers may count until the very end.
CellSpace& cell_space();

}  // namespace weir
