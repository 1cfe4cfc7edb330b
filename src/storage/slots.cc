#include "storage/slots.h"

#include <pthread.h>

#include <algorithm>
#include <cstring>

#include "storage/cell_space.h"
#include "storage/registration_lock.h"
#include "storage/wiped_pages.h"

namespace weir {
namespace {

constinit SlotTable g_no_slot{};  // capacity 0: every look-up takes the slow path
constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constinit thread_local std::size_t t_slot_number = kNone;
constinit thread_local bool t_ending = false;

constexpr std::size_t table_bytes(std::uint64_t capacity) {
  return sizeof(SlotTable) + capacity * sizeof(std::atomic<Cell*>);
}

SlotTable* new_table(std::uint64_t at_least) {
  const std::size_t bytes = whole_pages(table_bytes(at_least));
  auto* const table = static_cast<SlotTable*>(map_wiped_pages(bytes));
  table->capacity = (bytes - sizeof(SlotTable)) / sizeof(std::atomic<Cell*>);
  return table;
}

// A pthread key's destructor runs after those of C++ thread_local objects, which may still count.
pthread_key_t thread_exit_key() {
  static const pthread_key_t key = [] {
    pthread_key_t k{};
    if (::pthread_key_create(&k, [](void*) { cell_space().end_thread(); }) != 0) throw std::bad_alloc();
    return k;
  }();
  return key;
}

}  // namespace

constinit thread_local SlotTable* t_slot = &g_no_slot;

bool Slots::may_take() noexcept { return !t_ending; }

std::size_t Slots::mine() {
  if (t_slot_number != kNone) return t_slot_number;
  ::pthread_setspecific(thread_exit_key(), this);
  if (free_.empty()) {
    tables_.reserve(tables_.size() + 1);
    free_.reserve(tables_.capacity());  // so that give_back never allocates
    tables_.push_back(new_table(1));
    t_slot_number = tables_.size() - 1;
  } else {
    t_slot_number = free_.back();
    free_.pop_back();
  }
  t_slot = tables_[t_slot_number];
  return t_slot_number;
}

SlotTable& Slots::my_table(std::uint32_t end) {
  const std::size_t number = mine();
  SlotTable* const old = tables_[number];
  if (end <= old->capacity) return *old;
  SlotTable* const grown = new_table(std::max<std::uint64_t>(end, old->capacity * 2));
  for (std::uint64_t id = 0; id < old->capacity; ++id) {  // relaxed: this thread's own, or ordered by the lock
    grown->entries()[id].store(old->entries()[id].load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  tables_[number] = grown;
  t_slot = grown;
  unmap_wiped_pages(old, table_bytes(old->capacity));
  return *grown;
}

void Slots::start_in_child() noexcept {
  // The tables are wiped, their capacity with them, so their size is unknown: they stay mapped, empty and untouched.
  tables_.clear();
  free_.clear();
  forget_mine();
}

void Slots::forget_mine() noexcept {
  t_slot_number = kNone;
  t_slot = &g_no_slot;
}

void Slots::give_back() noexcept {
  t_ending = true;
  if (t_slot_number == kNone) return;
  free_.push_back(t_slot_number);
  forget_mine();
}

}  // namespace weir
