// The label values of a child, packed into one block: a program has many children, and a std::string each would weigh
// more than its cells.
//
//   block:  uint32 how many | uint32 end of each, from the first byte of text | text, back to back
//
// Thread safety: constant once made. Process safety: in-process memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace weir {

class LabelValues {
 public:
  explicit LabelValues(std::span<const std::string_view> values);

  std::size_t size() const noexcept { return word(0); }
  std::string_view operator[](std::size_t i) const noexcept {
    const char* const text = block_.get() + (1 + size()) * sizeof(std::uint32_t);
    const std::size_t begin = i == 0 ? 0 : word(i);
    return {text + begin, word(i + 1) - begin};
  }

 private:
  std::uint32_t word(std::size_t i) const noexcept {
    std::uint32_t value;
    std::memcpy(&value, block_.get() + i * sizeof value, sizeof value);
    return value;
  }
  std::unique_ptr<char[]> block_;
};

}  // namespace weir
