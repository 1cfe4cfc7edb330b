// Many short texts, appended one by one, freed all at once: 16 bytes each besides themselves.
//
// Grows by blocks, so that nothing is copied and no moment needs twice the memory.
//
// Thread safety: one thread at a time. Views live as long as the arena.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace weir {

class TextArena {
 public:
  /// The number of the text added.
  std::uint32_t add(std::string_view text) {
    if (text.size() > free_) open_block(text.size());
    char* at = blocks_.back().get() + used_;
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    used_ += text.size();
    free_ -= text.size();
    texts_.emplace_back(at, text.size());
    return static_cast<std::uint32_t>(texts_.size() - 1);
  }
  std::string_view operator[](std::uint32_t number) const { return texts_[number]; }
  std::size_t size() const noexcept { return texts_.size(); }

 private:
  static constexpr std::size_t kBlock = 1024 * 1024;
  static constexpr std::size_t kFirstBlock = 16 * 1024;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::string_view> texts_;
  std::size_t used_ = 0;
  std::size_t free_ = 0;

  void open_block(std::size_t at_least) {
    const std::size_t size = std::max(at_least, blocks_.empty() ? kFirstBlock : kBlock);
    blocks_.push_back(std::unique_ptr<char[]>(new char[size]));
    used_ = 0;
    free_ = size;
  }
};

}  // namespace weir
