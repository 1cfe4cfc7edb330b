// A cursor at the end of a growing string: room first, then bytes, then where they ended.
//
//   BodyWriter out(body, expected_bytes);
//   char* at = out.room(64);
//   out.advance_to(std::to_chars(at, at + 64, 42).ptr);
//
// The string grows in blocks that fit the second-level cache: what resize() fills with zeros is still there when the
// text overwrites it. (Growing by the whole size first costs a second pass over memory.)
// Thread safety: one writer, one thread. The string is trimmed to what was written when the writer ends; until then
// its size is meaningless.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace weir {

class BodyWriter {
 public:
  /// Appends to `body`, which must outlive the writer; `expected` bytes are reserved, more may come.
  BodyWriter(std::string& body, std::size_t expected) : body_(body) {
    body_.reserve(body_.size() + expected);
    at_ = limit_ = body_.data() + body_.size();
  }
  ~BodyWriter() { body_.resize(used()); }
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;

  /// A place for `bytes` bytes. The pointer holds until the next call.
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(limit_ - at_) < bytes) grow(bytes);
    return at_;
  }
  /// `end` lies within the room last given.
  void advance_to(char* end) noexcept { at_ = end; }

  void append(std::string_view text) {
    char* at = room(text.size());
    std::memcpy(at, text.data(), text.size());
    advance_to(at + text.size());
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{64} * 1024;

  std::size_t used() const noexcept { return static_cast<std::size_t>(at_ - body_.data()); }
  void grow(std::size_t bytes) {
    const std::size_t before = used();
    body_.resize(before + std::max(bytes, kBlock));
    at_ = body_.data() + before;
    limit_ = body_.data() + body_.size();
  }

  std::string& body_;
  char* at_;
  char* limit_;
};

}  // namespace weir
