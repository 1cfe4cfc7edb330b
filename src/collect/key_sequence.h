// The keys of the file walked last, in its order, and the series each of them is: what the next file is expected to
// hold.
//
//   if (const auto series = sequence.match(key)) …             // as that file went on here: one comparison, no hash
//   sequence.put(key, series);                                 // after a mismatch: this is how files go on from here
//   sequence.rewind();                                         // the next file begins
//
// Workers of one program write the same keys in the same order, because they run the same code. Only a bytewise
// comparison counts, so a wrong expectation costs time and nothing else.
//
// Thread safety: one thread at a time. Invariants: I4 (at most kMostBytes of keys are kept).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class KeySequence {
 public:
  static constexpr std::size_t kMostBytes = 1024 * 1024;

  /// The series of `key` when it is the one expected; the expectation then moves on.
  std::optional<std::uint32_t> match(std::string_view key) noexcept {
    if (next_ == known_.size()) return std::nullopt;
    const Known& known = known_[next_];
    if (known.end - begin_ != key.size() || std::memcmp(bytes_.data() + begin_, key.data(), key.size()) != 0) {
      return std::nullopt;
    }
    ++next_;
    begin_ = known.end;
    return known.series;
  }
  /// Here `key` stands, whatever was expected; what was expected after it is forgotten.
  void put(std::string_view key, std::uint32_t series) {
    if (begin_ + key.size() > kMostBytes) return;
    known_.resize(next_);
    bytes_.resize(begin_);
    bytes_.append(key);
    known_.push_back({.end = static_cast<std::uint32_t>(bytes_.size()), .series = series});
    ++next_;
    begin_ = bytes_.size();
  }
  void rewind() noexcept { next_ = begin_ = 0; }
  /// Forgets everything, memory included.
  void clear() noexcept { *this = KeySequence{}; }
  /// Keys expected from the first to the last.
  std::size_t size() const noexcept { return known_.size(); }

 private:
  struct Known {
    std::uint32_t end = 0;  ///< in bytes_, where the next key begins
    std::uint32_t series = 0;
  };
  std::string bytes_;
  std::vector<Known> known_;
  std::size_t next_ = 0;
  std::size_t begin_ = 0;  ///< of the expected key, in bytes_
};

}  // namespace weir
