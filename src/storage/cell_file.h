// One multiprocess file this process owns, and the cells in it.
//
//   auto file = CellFile::create(directory, {{MetricType::counter}, "4242-18f3"}, RecordLayout::value_timestamp);
//   Cell* cell = file->append(key);   file->publish();
//
// Bytes: see format/db_file.h. An entry's key is padded with spaces so that its cell is the last 16 bytes of a 64-byte
// line it shares with no other cell (threads that count in neighbouring cells would slow each other down fourfold):
//
//   |len|key ........................ spaces ........|value|stamp|len|key …
//   ^ 64·n                                           ^ 64·m + 48 ^ 64·(m+1)
//
// (In the 0.16 layout there is no stamp: the value stands at the same place, and the next entry follows it at once.)
//
// Thread safety: append and publish by one thread at a time (the registration lock); cells as Cell says.
// Process safety: the file appears in the directory complete, with the owner's lock held (an open file description's
// write lock on byte 0, kept until the process ends). Readers see whole entries only: `used` is raised after them (I1).
// Space is allocated before it is used, so a full disk is a StorageError here and never a SIGBUS later. Each extension
// is mapped on its own; cells never move. In a child the mappings are absent (MADV_DONTFORK); abandon() closes the
// descriptor.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "format/db_file.h"
#include "format/file_name.h"
#include "weir/cell.h"

namespace weir {

class CellFile {
 public:
  /// Makes the file. Returns nullptr when a file of that name exists already (then take another identity). Throws
  /// StorageError.
  static std::unique_ptr<CellFile> create(const std::filesystem::path& directory, const FileName& name,
                                          RecordLayout layout);
  /// Closes the descriptor. The mappings stay (threads may still count), and with them the lock, until the process
  /// ends.
  ~CellFile();
  CellFile(const CellFile&) = delete;
  CellFile& operator=(const CellFile&) = delete;

  /// Makes sure that entries with these keys fit. Throws StorageError when the disk or the format is full, or when a
  /// key is longer than readers take, which would end their walk there.
  void reserve(const std::vector<std::string>& keys);
  /// A zero cell under `key`, not yet visible to readers. Throws StorageError. The cell lives as long as the process.
  Cell* append(std::string_view key);
  /// Makes everything appended visible.
  void publish() noexcept;

  /// Closes the descriptor in a forked child, where the mappings do not exist. Async-signal-safe; repeated calls do
  /// nothing.
  void abandon() noexcept;

  /// False when the owner's lock was refused: the file works, but nobody can tell when its writer has ended.
  bool is_locked() const noexcept { return locked_; }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  struct Extent {
    std::size_t begin;  // file offset
    std::size_t end;
    std::byte* memory;
  };

  CellFile(std::filesystem::path path, int fd, RecordLayout layout)
      : path_(std::move(path)), fd_(fd), layout_(layout) {}
  void write_header_and_lock();
  void grow_to(std::size_t size);
  std::byte* at(std::size_t offset) const noexcept;
  [[noreturn]] void fail(std::string_view operation, int error) const;

  std::filesystem::path path_;
  int fd_;
  RecordLayout layout_;
  bool locked_ = false;
  std::size_t end_ = kDbHeaderSize;  // of the last entry appended
  std::size_t size_ = 0;
  std::vector<Extent> extents_;
};

/// How long the key of an entry that starts at `start` must be padded to (see above). At least `length`.
std::size_t padded_key_length(std::size_t start, std::size_t length) noexcept;

}  // namespace weir
