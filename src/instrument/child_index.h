// Which child has which label values: a hash table that is read without a lock while one thread at a time changes it.
//
// Open addressing; an entry is the 64-bit hash of the label values and the child. A removed child leaves removed(),
// which the next insertion on its way takes over, unless nothing follows: then the entry is empty again. Only a child
// whose whole hash matches is looked at, so one that is being removed elsewhere is not touched. A look-up beside a
// removal may miss; whoever misses looks again under the lock. When it is full, the family makes a larger index and
// keeps this one for readers that are late.
//
// Thread safety: find from any thread; the rest under the registration lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "weir/child.h"
#include "weir/family.h"

namespace weir {

class FamilyBase::Index {
 public:
  /// Twice as many entries as `children`.
  explicit Index(std::size_t children);
  std::size_t size() const noexcept { return mask_ + 1; }

  Child* find(std::uint64_t hash, std::span<const std::string_view> values) const noexcept;
  /// False when it is too full: make a larger one.
  bool insert(std::uint64_t hash, Child* child) noexcept;
  void remove(std::uint64_t hash, const Child* child) noexcept;

 private:
  struct Entry {
    std::atomic<std::uint64_t> hash{0};
    std::atomic<Child*> child{nullptr};
  };
  static bool has_values(const Child& child, std::span<const std::string_view> values) noexcept;
  static bool same_bytes(const char* a, const char* b, std::size_t n) noexcept;
  void empty_back_from(std::size_t at) noexcept;
  static Child* removed() noexcept { return reinterpret_cast<Child*>(alignof(Child)); }

  std::size_t mask_;
  std::size_t used_ = 0;  // entries that are not empty, removed ones included
  std::unique_ptr<Entry[]> entries_;
};

// Inline from here on: labels() is a hash and this look-up, nothing else.

// Whole words, the last one overlapping: label values are short, and calling memcmp for each cost a quarter of
// labels().
inline bool FamilyBase::Index::same_bytes(const char* a, const char* b, std::size_t n) noexcept {
  const auto same = [&](std::size_t at, auto x) noexcept {
    auto y = x;
    std::memcpy(&x, a + at, sizeof x);
    std::memcpy(&y, b + at, sizeof y);
    return x == y;
  };
  if (n > 64) return std::memcmp(a, b, n) == 0;
  if (n >= 8) {
    for (std::size_t at = 0; at + 8 < n; at += 8) {
      if (!same(at, std::uint64_t{})) return false;
    }
    return same(n - 8, std::uint64_t{});
  }
  if (n >= 4) return same(0, std::uint32_t{}) && same(n - 4, std::uint32_t{});
  if (n >= 2) return same(0, std::uint16_t{}) && same(n - 2, std::uint16_t{});
  return n == 0 || *a == *b;
}

inline bool FamilyBase::Index::has_values(const Child& child, std::span<const std::string_view> values) noexcept {
  const LabelValues& own = child.label_values();
  if (own.size() != values.size()) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (own[i].size() != values[i].size() || !same_bytes(own[i].data(), values[i].data(), own[i].size())) return false;
  }
  return true;
}

inline Child* FamilyBase::Index::find(std::uint64_t hash, std::span<const std::string_view> values) const noexcept {
  for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Entry& entry = entries_[at];
    Child* const child = entry.child.load(std::memory_order_acquire);  // pairs with the release in insert
    if (child == nullptr) return nullptr;
    // Acquire pairs with the release in insert: a hash newer than `child` comes with the entry's removal before it, and
    // that child may be gone.
    if (child == removed() || entry.hash.load(std::memory_order_acquire) != hash) continue;
    if (entry.child.load(std::memory_order_relaxed) != child) continue;
    if (has_values(*child, values)) return child;
  }
}

}  // namespace weir
