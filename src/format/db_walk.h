// Walking the entries of a `.db` file, and telling its record layout by content.
//
//   DbWalk walk{window, offset_of_window, used, layout};
//   for (DbEntry entry; walk.next(entry);) ...                 // entry.key, entry.value_offset
//   walk.stop()                                                // why it ended, walk.position() where
//
// A walk looks at one window of the file at a time, so a reader's memory is bounded by its window and not by what a
// length word claims. Nothing is trusted: an entry is handed out only when it lies inside the window and inside `used`.
//
// Thread safety: values and pure functions. Invariants: I4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/db_file.h"

namespace weir {

/// The first 8 bytes of a file.
struct DbHeader {
  std::int32_t used = 0;
  std::uint32_t mark = 0;
};
/// `bytes` holds at least kDbHeaderSize.
DbHeader read_db_header(const char* bytes) noexcept;

/// One entry. Offsets count from the start of the file; views point into the window.
struct DbEntry {
  std::string_view key;          ///< without the spaces at its end
  std::size_t offset = 0;        ///< of the length word
  std::size_t value_offset = 0;  ///< of the value; the timestamp, where there is one, follows
};

class DbWalk {
 public:
  enum class Stop : std::uint8_t {
    at_end,      ///< exactly at `used`
    at_window,   ///< the next entry reaches beyond the window; go on with a window that starts at position()
    bad_length,  ///< the length at position() is negative, zero or beyond kMaxKeyLength
    beyond_used  ///< the entry at position() reaches beyond `used`
  };

  /// `window` holds the file's bytes from `offset` on, where an entry starts; `used` is the file's used length.
  DbWalk(std::string_view window, std::size_t offset, std::size_t used, RecordLayout layout) noexcept
      : window_(window), base_(offset), position_(offset), used_(used), layout_(layout) {}

  /// False when the walk ended; then stop() says why.
  bool next(DbEntry& entry) noexcept;

  /// Offset of the entry that comes next, or cannot be read.
  std::size_t position() const noexcept { return position_; }
  Stop stop() const noexcept { return stop_; }
  /// The length word met, after bad_length, beyond_used and at_window.
  std::int32_t length() const noexcept { return length_; }

 private:
  bool end(Stop why) noexcept {
    stop_ = why;
    return false;
  }

  std::string_view window_;
  std::size_t base_;
  std::size_t position_;
  std::size_t used_;
  RecordLayout layout_;
  Stop stop_ = Stop::at_end;
  std::int32_t length_ = 0;
};

/// True when a key has the shape of one: `[` first, `]` last.
constexpr bool looks_like_key(std::string_view key) noexcept {
  return key.size() >= 2 && key.front() == '[' && key.back() == ']';
}

/// What a window says about a file's layout.
struct LayoutVerdict {
  RecordLayout layout = RecordLayout::value_timestamp;
  std::size_t keys = 0;  ///< entries whose keys look like keys; 0: nothing speaks for a `.db` file at all
};

/// Walks the window's first entries in both layouts and takes the one that meets more keys; if they tie, the one that
/// ends exactly at `used` (a lone entry); if that ties too, the current one. The wrong layout derails at its second
/// entry, because it reads half a number as a length.
LayoutVerdict judge_layout(std::string_view window, std::size_t offset, std::size_t used) noexcept;

}  // namespace weir
