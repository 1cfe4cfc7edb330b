// The bytes of a multiprocess `.db` file.
//
//   offset 0   uint32  used: bytes in use, this header included (native endian; 8 when empty)
//          4   uint32  padding: kWeirMark in files written by Weir, 0 in stock ones (whose readers ignore it)
//          8   entries, back to back, each a multiple of 8 bytes:
//              int32   key length n
//              n bytes UTF-8 JSON key (may end in spaces), then 1 to 8 spaces up to the next multiple of 8
//              double  value
//              double  timestamp      (absent in the 0.16 layout, prometheus_client before 0.18)
//
// A writer completes an entry beyond `used` first and then raises `used`, so a reader that reads `used` before the
// entries meets whole entries only, whenever the writer is killed (I1).
//
// Thread safety: pure functions and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir {

/// Which of the two record layouts a file has.
enum class RecordLayout : std::uint8_t { value_timestamp, value_only };

inline constexpr std::size_t kDbHeaderSize = 8;
inline constexpr std::size_t kInitialFileSize = 64 * 1024;
/// What stands in the padding word of a file whose owner holds a lock on byte 0 for its lifetime (protocol P5): a
/// reader may take the missing lock of such a file, and only of such a file, for its owner's death. `WEIR` in little
/// endian.
inline constexpr std::uint32_t kWeirMark = 0x52494557;
/// The same word of a file whose owner a fold has found dead; the file's time says since when. `DEAD`.
inline constexpr std::uint32_t kDeadMark = 0x44414544;
/// Longest key a reader accepts; a longer one is damage. Bounds a reader's memory whatever the length words say (I4).
inline constexpr std::size_t kMaxKeyLength = 1024 * 1024;
/// How often a reader looks at a value and its timestamp again, at most, until two looks agree.
inline constexpr int kPairAttempts = 100;

/// Bytes of an entry's fixed part after the key.
constexpr std::size_t values_size(RecordLayout layout) noexcept {
  return layout == RecordLayout::value_timestamp ? 16 : 8;
}
/// Bytes from an entry's start to its value: length, key and padding.
constexpr std::size_t value_offset(std::size_t key_length) noexcept {
  return 4 + key_length + (8 - (key_length + 4) % 8);
}
/// Bytes of a whole entry.
constexpr std::size_t entry_size(std::size_t key_length, RecordLayout layout) noexcept {
  return value_offset(key_length) + values_size(layout);
}

}  // namespace weir
