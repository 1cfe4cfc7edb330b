// From bytes to a small number by their 128-bit hash alone: the bytes themselves are not kept.
//
//   HashSeed seed = HashSeed::random();
//   index.find(hash_of(bytes, seed))                   // nullptr, or where the number stands
//   index.insert(hash, number)
//
// 128,000 keys of 100 bytes cost 4.6 MB this way instead of 16. The seed is random, so nobody can write keys that
// collide on purpose; by accident two of a million differ in 128 bits with a chance of 1 to 10^26.
//
// Thread safety: one thread at a time. Invariants: I4 (no hostile slowness).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

struct Hash128 {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  bool operator==(const Hash128&) const = default;
};

struct HashSeed {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  /// From the kernel.
  static HashSeed random();
  /// Another seed, for bytes that mean something else in context `n`.
  HashSeed with(std::uint64_t n) const noexcept;
  /// Another seed for everything that comes after bytes of hash `before`.
  HashSeed with(Hash128 before) const noexcept { return {a ^ before.a, b ^ before.b}; }
};

Hash128 hash_of(std::string_view bytes, HashSeed seed) noexcept;

class HashIndex {
 public:
  /// Where the number of that hash stands; nullptr when there is none. Valid until the next insert.
  std::uint32_t* find(Hash128 hash) noexcept;
  /// Asks the memory for what find() of that hash will look at first, so that other work can go on meanwhile.
  void prefetch(Hash128 hash) const noexcept {
    if (!table_.empty()) __builtin_prefetch(table_.data() + (hash.a & (table_.size() - 1)));
  }
  /// The hash must be new.
  void insert(Hash128 hash, std::uint32_t number);
  /// Every number n becomes renamed[n]; those that become `gone` are dropped.
  void renumber(const std::vector<std::uint32_t>& renamed, std::uint32_t gone);
  std::size_t size() const noexcept { return hashes_.size(); }
  void clear() noexcept;

 private:
  /// 8 bytes, so that a hash which is not there is told by one cache line: 32 of its bits stand beside the place.
  struct Bucket {
    std::uint32_t tag = 0;
    std::uint32_t dense = kFree;
  };
  static constexpr std::uint32_t kFree = 0xFFFFFFFF;
  static std::uint32_t tag_of(Hash128 hash) noexcept { return static_cast<std::uint32_t>(hash.b); }

  // Dense, in order of insertion; `table_` finds them: open addressing, linear probing, at most two thirds full.
  std::vector<Hash128> hashes_;
  std::vector<std::uint32_t> numbers_;
  std::vector<Bucket> table_;

  void place(Hash128 hash, std::uint32_t dense) noexcept;
  void rehash(std::size_t buckets);
};

}  // namespace weir
