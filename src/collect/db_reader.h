// One multiprocess file, read again and again: its descriptor, and which series each of its cells counts for.
//
//   DbReader reader{"/run/metrics/counter_42.db", {.kind = …, .identity = "42"}};
//   reader.sync(set, buffers, policy, problems);   // open, walk what is new; gives the series references
//   reader.renumber(numbers);                   // after set.settle()
//   reader.read(sums, buffers, problems)        // values, anew every time
//
// A file that is new to a reader is read once: values met on the walk are what the next read() gives. A warm sync is
// one stat(2) and one 8-byte pread; a warm read is one pread a window and one add a cell. A file that grew is walked
// from where it had ended. One that was replaced, shrank, or whose keys no longer are what they were (checked on up to
// 16 witness entries a file, so on every entry of a small one) is read from the start.
//
// Thread safety: one thread at a time.
// Process safety: reads by pread(2), never mmap: a file cut short under the reader is a short read, not a SIGBUS, and
// 8-byte values come whole (P3).
// Invariants: I1 (whole entries only), I4 (memory bounded by the window and kMaxKeyLength).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collect/series_set.h"
#include "collect/value_sums.h"
#include "format/db_file.h"
#include "format/db_walk.h"
#include "weir/snapshot.h"

namespace weir {

/// Page-aligned memory for windows, reused for every file.
class ReadBuffers {
 public:
  static constexpr std::size_t kWindow = 128 * 1024;  // stays in the second-level cache
  /// At least `size` bytes; what was there is gone.
  char* first(std::size_t size) { return room(first_, size); }
  char* second(std::size_t size) { return room(second_, size); }

 private:
  struct Free {
    void operator()(char* memory) const noexcept;
  };
  struct Room {
    std::unique_ptr<char, Free> memory;
    std::size_t size = 0;
  };
  Room first_;
  Room second_;
  static char* room(Room& room, std::size_t size);
};

/// How a reader treats the directory it reads.
struct ReadPolicy {
  bool keep_open = true;        ///< keep the descriptor for the next collection
  bool leave_out_dead = false;  ///< leave out live* gauges of our own writers that have ended (P5)
};

class DbReader {
 public:
  DbReader(std::string path, FileName name) : path_(std::move(path)), name_(std::move(name)) {}
  ~DbReader();
  DbReader(const DbReader&) = delete;
  DbReader& operator=(const DbReader&) = delete;

  /// Brings the cells up to date. False when nothing of the file can be served; the reason is in `problems`, or there
  /// is none (the file is gone or its writer dead, both as they should be).
  bool sync(SeriesSet& set, ReadBuffers& buffers, ReadPolicy policy, std::vector<Problem>& problems);
  /// False when the file turned out to be another than sync() knew: nothing of it can be trusted, sync again.
  bool read(ValueSums& sums, ReadBuffers& buffers, const SeriesSet& set, std::vector<Problem>& problems);
  void renumber(const std::vector<std::uint32_t>& renumbered);
  /// Gives every reference back and forgets the file.
  void forget(SeriesSet& set);
  void close() noexcept;

  const std::string& path() const noexcept { return path_; }
  const FileName& name() const noexcept { return name_; }
  const std::vector<CellPlace>& cells() const noexcept { return cells_; }
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }
  /// True when the file could not be opened, last, because this process or the system has no descriptor or memory left.
  bool lacks_resources() const noexcept { return lacks_resources_; }
  /// True when the last sync() found no file of that name.
  bool vanished() const noexcept { return vanished_; }
  /// A live* gauge goes when its process is marked dead, and an archive need not be there: nothing is wrong then.
  bool may_vanish() const;
  /// Whether this is an archive that holds the values of the file of that name.
  bool has_archived(std::string_view name) const noexcept;
  /// Of an archive: the names of the files whose values it holds, sorted; as long as this reader and no other file.
  const std::vector<std::string_view>& archived() const noexcept { return archived_; }

 private:
  struct Witness {
    std::uint32_t key_at = 0;
    std::uint32_t length = 0;
    Hash128 hash;
  };
  static constexpr std::size_t kWitnesses = 16;
  static constexpr std::size_t kKeyProblems = 8;
  /// Reads begin at multiples of it, so that bytes are copied as they lie: aligned, never across a value.
  static constexpr std::size_t kLine = 64;

  std::string path_;
  FileName name_;
  int descriptor_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::size_t size_ = 0;
  std::optional<RecordLayout> layout_;
  std::size_t walked_ = kDbHeaderSize;  // where the last whole entry ended
  std::size_t entries_ = 0;             // walked, bad keys included
  std::size_t stride_ = 1;              // between witnesses; a power of two
  std::vector<CellPlace> cells_;        // by offset
  std::vector<double> fresh_values_;    // of all cells, when the last sync() met them all; else empty
  std::vector<Witness> witnesses_;      // by offset
  std::vector<Problem> key_problems_;   // of entries walked, told at every collection
  std::size_t more_key_problems_ = 0;
  std::uint64_t bytes_read_ = 0;
  bool keep_open_ = true;
  bool lacks_resources_ = false;
  bool vanished_ = false;
  std::string archived_bytes_;              // what stands behind an archive's entries
  std::vector<std::string_view> archived_;  // parts of it, sorted

  bool open(SeriesSet& set, std::vector<Problem>& problems);
  int open_descriptor();
  bool reopen();
  bool sync_open(SeriesSet& set, ReadBuffers& buffers, ReadPolicy policy, std::vector<Problem>& problems);
  bool read_open(ValueSums& sums, ReadBuffers& buffers, const SeriesSet& set, std::vector<Problem>& problems);
  bool is_dead(const DbHeader& header, ReadPolicy policy) const;
  void read_archived(std::size_t used, std::vector<Problem>& problems);
  std::optional<DbHeader> header(std::vector<Problem>& problems);
  void walk(SeriesSet& set, ReadBuffers& buffers, std::size_t used, std::vector<Problem>& problems);
  void tell_bad_length(std::int32_t length, std::size_t used, std::vector<Problem>& problems) const;
  void expect(std::size_t cells, bool keeps_values);
  bool take(SeriesSet& set, const DbEntry& entry);
  /// Value and timestamp count together, and must be read together.
  bool reads_pairs() const noexcept { return merge_rule(name_.kind.type, name_.kind.mode) == MergeRule::most_recent; }
  void give_fresh_values(ValueSums& sums, const SeriesSet& set, std::vector<Problem>& problems);
  void tell_refused(const std::vector<CellPlace>& refused, const SeriesSet& set, std::vector<Problem>& problems) const;
  void refuse_key(const DbEntry& entry, std::string_view why);
  void note_witness(const DbEntry& entry, HashSeed seed);
  bool witnesses_agree(std::size_t& next, const char* window, std::size_t offset, std::size_t end, HashSeed seed) const;
  bool settle_pairs(const CellWindow& window, char* bytes, std::size_t length, ReadBuffers& buffers);
  std::size_t read_at(char* to, std::size_t length, std::size_t offset);
  void tell(std::vector<Problem>& problems, std::string_view reason, std::string message) const;
};

}  // namespace weir
