#include "collect/hash_index.h"

#include <sys/random.h>

#include <bit>
#include <cstring>

namespace weir {
namespace {

constexpr std::uint64_t kOddA = 0x9E3779B97F4A7C15;  // golden ratio and pi: digits nobody chose for a purpose
constexpr std::uint64_t kOddB = 0x243F6A8885A308D3;

/// The two halves of the 128-bit product, folded: every input bit reaches every output bit.
std::uint64_t folded_product(std::uint64_t x, std::uint64_t y) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Two lanes that do not wait for each other, one for each half of the hash. Both factors of every product hold
/// something secret, so nobody can write a word that makes one of them zero and wipes out what came before.
class Mixer {
 public:
  explicit Mixer(HashSeed seed) noexcept
      : a_(seed.a), b_(seed.b), secret_a_(std::rotl(seed.b, 23) ^ kOddA), secret_b_(std::rotl(seed.a, 41) ^ kOddB) {}
  void take(std::uint64_t low, std::uint64_t high) noexcept {
    a_ = folded_product(a_ ^ low, secret_a_ ^ high) + low;
    b_ = folded_product(b_ ^ high, secret_b_ ^ low) + high;
  }
  /// Crosses the lanes, so that each half depends on all of both.
  Hash128 finish(std::uint64_t size) const noexcept {
    return {folded_product(a_ ^ secret_b_, b_ ^ size ^ kOddA),
            folded_product(b_ ^ secret_a_, std::rotl(a_, 32) ^ size)};
  }

 private:
  std::uint64_t a_;
  std::uint64_t b_;
  std::uint64_t secret_a_;
  std::uint64_t secret_b_;
};

}  // namespace

HashSeed HashSeed::random() {
  HashSeed seed{kOddA, kOddB};
  // Without entropy (a kernel that is still starting) the fixed seed still hashes well; only hostile keys would notice.
  HashSeed drawn;
  if (getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof drawn)) seed = drawn;
  return seed;
}

HashSeed HashSeed::with(std::uint64_t n) const noexcept {
  return {folded_product(a ^ kOddA, n ^ kOddB), b + folded_product(n ^ kOddA, kOddB)};
}

Hash128 hash_of(std::string_view bytes, HashSeed seed) noexcept {
  constexpr std::size_t kStep = 16;
  Mixer mixer{seed};
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left > kStep; at += kStep, left -= kStep) mixer.take(load(at), load(at + 8));
  if (bytes.size() >= kStep) {
    // The last step reaches back over bytes already taken: cheaper than copying what is left, and still one to one
    // because the size is taken too.
    mixer.take(load(at + left - kStep), load(at + left - 8));
  } else {
    char short_text[kStep] = {};
    if (left > 0) std::memcpy(short_text, at, left);
    mixer.take(load(short_text), load(short_text + 8));
  }
  return mixer.finish(bytes.size());
}

std::uint32_t* HashIndex::find(Hash128 hash) noexcept {
  if (table_.empty()) return nullptr;
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = hash.a & mask;; at = (at + 1) & mask) {
    const Bucket bucket = table_[at];
    if (bucket.dense == kFree) return nullptr;
    if (bucket.tag == tag_of(hash) && hashes_[bucket.dense] == hash) return &numbers_[bucket.dense];
  }
}

void HashIndex::insert(Hash128 hash, std::uint32_t number) {
  if ((hashes_.size() + 1) * 3 > table_.size() * 2) rehash(table_.empty() ? 64 : table_.size() * 2);
  place(hash, static_cast<std::uint32_t>(hashes_.size()));
  hashes_.push_back(hash);
  numbers_.push_back(number);
}

void HashIndex::place(Hash128 hash, std::uint32_t dense) noexcept {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash.a & mask;
  while (table_[at].dense != kFree) at = (at + 1) & mask;
  table_[at] = {.tag = tag_of(hash), .dense = dense};
}

void HashIndex::renumber(const std::vector<std::uint32_t>& renamed, std::uint32_t gone) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    const std::uint32_t number = renamed[numbers_[i]];
    if (number == gone) continue;
    hashes_[kept] = hashes_[i];
    numbers_[kept++] = number;
  }
  if (kept == hashes_.size()) return;
  hashes_.resize(kept);
  numbers_.resize(kept);
  rehash(std::bit_ceil(kept * 3 / 2 + 64));
}

void HashIndex::clear() noexcept {
  hashes_.clear();
  numbers_.clear();
  table_.clear();
}

void HashIndex::rehash(std::size_t buckets) {
  table_.assign(buckets, Bucket{});
  for (std::size_t i = 0; i < hashes_.size(); ++i) place(hashes_[i], static_cast<std::uint32_t>(i));
}

}  // namespace weir
