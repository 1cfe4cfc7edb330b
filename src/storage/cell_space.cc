#include "storage/cell_space.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "storage/setup_lock.h"
#include "storage/wiped_pages.h"
#include "weir/backend.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {

// Relaxed, where nothing else is said: the registration lock orders it, and nothing is published through a value.

// All zero in a process that has not counted yet, also in one that _Fork or clone made behind the fork handlers' back.
struct CellSpace::ProcessMark {
  std::atomic<bool> started;  // a cell was made in this process
  std::atomic<bool> by_fork;  // the fork handlers ran: the lock is free or held by a thread of this process
};

CellSpace::CellSpace() : mark_(static_cast<ProcessMark*>(map_wiped_pages(sizeof(ProcessMark)))) {
  mark_->started = true;
}

namespace {
constinit std::atomic<CellSpace*> g_space{nullptr};
}  // namespace

CellSpace& cell_space() { return made_once(g_space); }

void CellSpace::after_fork_in_child() noexcept {
  Slots::forget_mine();  // here: another thread may make the child's first write and take the slot of that number
  CellSpace* const space = g_space.load(std::memory_order_acquire);  // pairs with the release in made_once
  if (space == nullptr) return;
  for (Storage* const storage : space->storages_) storage->close_after_fork();
  space->mark_->by_fork = true;
}

bool CellSpace::is_behind_the_back() const noexcept { return !mark_->started && !mark_->by_fork; }

void CellSpace::become_process_if_new() {
  if (mark_->started) return;
  mark_->started = true;
  slots_.start_in_child();
  storage_is_full_ = false;
  for (Storage* const storage : storages_) {
    storage->close_after_fork();  // again, for children of _Fork and clone, which run no fork handlers
    storage->start_in_child();
  }
  for (CellGroup* group = groups_; group != nullptr; group = group->next_) make_shared_cells(*group);
}

void CellSpace::open(CellGroup& group, Storage& storage, std::uint32_t count) {
  become_process_if_new();
  allow_retry();
  const CellIds::Run run = ids_.take(count);
  group.first_ = run.first;
  group.home_ = run.home;
  group.count_ = count;
  if (to_release_.size() < count) to_release_.resize(count);
  group.storage_ = &storage;
  group.next_ = groups_;
  if (groups_ != nullptr) groups_->previous_ = &group;
  groups_ = &group;
  make_shared_cells(group);
}

void CellSpace::close(CellGroup& group) noexcept {
  const RegistrationHold hold;
  if (group.home_ == nullptr) return;
  const std::span<Cell*> cells = std::span(to_release_).first(group.count_);
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    SlotTable& table = slots_.table(slot);
    if (table.find(group.first_) == nullptr) continue;
    for (std::uint32_t i = 0; i < group.count_; ++i) {
      cells[i] = table.entries()[group.first_ + i].exchange(nullptr, std::memory_order_relaxed);
    }
    group.storage_->release_cells(group, slot, cells);
  }
  for (std::uint32_t i = 0; i < group.count_; ++i) cells[i] = group.home_[i].cell.load(std::memory_order_relaxed);
  group.storage_->release_cells(group, Storage::kShared, cells);
  ids_.give_back({group.first_, group.home_}, group.count_);
  (group.previous_ != nullptr ? group.previous_->next_ : groups_) = group.next_;
  if (group.next_ != nullptr) group.next_->previous_ = group.previous_;
  group.home_ = nullptr;
}

void CellSpace::make_shared_cells(CellGroup& group) {
  std::vector<Cell*> cells(group.count_);
  try {
    group.storage_->make_cells(group, Storage::kShared, cells);
  } catch (const Error& error) {
    say_later(LogLevel::error, fmt::format("metric {}: kept in this process's memory only, others cannot read it: {}",
                                           group.family_name(), error.what()));
    group.storage_ = &memory_;
    group.fell_back_ = true;
    group.storage_->make_cells(group, Storage::kShared, cells);
  }
  for (std::uint32_t i = 0; i < group.count_; ++i) {
    if (cells[i] != nullptr) publish(group.home_[i], cells[i]);
  }
}

// Whoever counted while there was no cell left it in `pending`. Both sides are sequentially consistent: either
// add_async sees the cell, or this sees the pending amount (or both do, and the exchange gives it to one of them).
void CellSpace::publish(Home& home, Cell* cell) noexcept {
  home.cell.store(cell, std::memory_order_seq_cst);
  if (const double pending = home.pending.exchange(0, std::memory_order_seq_cst); pending != 0) {
    cell->value.fetch_add(pending, std::memory_order_relaxed);
  }
}

void CellSpace::make_slot_cells(CellGroup& group) {
  SlotTable& table = slots_.my_table(group.first_ + group.count_);
  if (table.find(group.first_) != nullptr) return;
  std::vector<Cell*> cells(group.count_);
  group.storage_->make_cells(group, slots_.mine(), cells);
  for (std::uint32_t i = 0; i < group.count_; ++i) {
    table.entries()[group.first_ + i].store(cells[i], std::memory_order_relaxed);
  }
}

Cell* CellSpace::slot_cell(CellGroup& group, std::uint32_t i) noexcept {
  if (!Slots::may_take() || is_behind_the_back() || !registration_lock().try_lock()) return nullptr;
  Cell* cell = nullptr;
  try {
    become_process_if_new();
    if (!storage_is_full_) {
      make_slot_cells(group);
      cell = slots_.my_table(group.first_ + group.count_).find(group.first_ + i);
    }
  } catch (const std::exception&) {
    // No room for cells of this thread's own: its counts go to the shared cells, which exist. Registration says so when
    // it meets the same.
    storage_is_full_ = true;
  }
  registration_lock().unlock();
  say_deferred();
  return cell;
}

Cell* CellSpace::shared_cell(CellGroup& group, std::uint32_t i) noexcept {
  if (RegistrationLock::held_by_this_thread()) return nullptr;  // a signal handler that interrupted a holder
  if (is_behind_the_back()) return nullptr;
  try {
    const RegistrationHold hold;
    become_process_if_new();
  } catch (const std::exception&) {
    return nullptr;
  }
  say_deferred();
  return group.home_[i].cell.load(std::memory_order_acquire);  // pairs with the store in publish()
}

double CellSpace::read(const CellGroup& group, std::uint32_t i) {
  become_process_if_new();
  const Home& home = group.home_[i];
  double sum = home.pending.load(std::memory_order_relaxed);
  if (const Cell* const cell = home.cell.load(std::memory_order_relaxed))
    sum += cell->value.load(std::memory_order_relaxed);
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (const Cell* const cell = slots_.table(slot).find(group.first_ + i)) {
      sum += cell->value.load(std::memory_order_relaxed);
    }
  }
  return sum;
}

void CellSpace::say_later(LogLevel level, std::string line) {
  deferred_.emplace_back(level, std::move(line));
  has_deferred_.store(true, std::memory_order_relaxed);  // a hint; the lock orders the lines themselves
}

void CellSpace::say_deferred() noexcept {
  if (!has_deferred_.load(std::memory_order_relaxed)) return;
  std::vector<std::pair<LogLevel, std::string>> lines;
  {
    const RegistrationHold hold;
    lines.swap(deferred_);
    has_deferred_.store(false, std::memory_order_relaxed);
  }
  for (const auto& [level, line] : lines) log_line(level, line);
}

void CellSpace::add_storage(Storage& storage) {
  const RegistrationHold hold;
  storages_.push_back(&storage);
}

std::vector<Storage*> CellSpace::storages() {
  const RegistrationHold hold;
  return storages_;
}

void CellSpace::end_thread() noexcept {
  const RegistrationHold hold;
  if (mark_->started) slots_.give_back();
}

std::size_t CellSpace::slot_count() {
  const RegistrationHold hold;
  return slots_.size();
}

}  // namespace weir
