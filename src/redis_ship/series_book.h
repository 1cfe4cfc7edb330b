// This process's samples as shipping sees them: what each is called in Redis, and which cells add up to its value.
//
//   book.cells_for(group, slot, inner, out);                 // under the registration lock
//   book.read(first, readings);                              // takes it: a few hundred samples at a time
//
// Cells come from an inner storage (memory, or files for `spooled`). What a removed child counted stays in the book, or
// a total would fall; a child that returns goes on in the same cells. So memory is bounded by the number of series that
// ever were, never by how long Redis is away (I6).
//
// Thread safety: the registration lock guards it. A sample's name never changes and its number is for ever, so the
// shipping thread keeps both without the lock.
// Process safety: start_in_child() in a forked child.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "format/file_name.h"
#include "storage/registration_lock.h"
#include "weir/snapshot.h"
#include "weir/storage.h"

namespace weir {

/// What names a sample in either layout. Constant once booked.
struct BookedName {
  FileKind kind;
  std::string json_key;     ///< per-process layout
  std::string hash;         ///< its MD5
  std::string family;       ///< shared layout, like all that follows
  std::string sample_name;  ///< `requests_total`, `latency_bucket`
  std::string help;
  Labels labels;      ///< declared order, without `le`
  std::string bound;  ///< of a bucket: its `le`; else empty
};

/// A sample's value at one moment.
struct BookedValue {
  double value = 0;
  double timestamp = 0;
  std::uint32_t exemplar_version = 0;  ///< rises with every exemplar; 0: none yet
  bool is_counted = false;             ///< false for what this process, a forked child, has no cell of
};

class SeriesBook {
 public:
  SeriesBook() = default;
  SeriesBook(const SeriesBook&) = delete;
  SeriesBook& operator=(const SeriesBook&) = delete;

  /// Storage::make_cells over `inner`.
  void cells_for(const CellGroup& group, std::size_t slot, Storage& inner, std::span<Cell*> out)
      WEIR_REQUIRES(registration_lock());
  /// Storage::release_cells.
  void release(const CellGroup& group, std::size_t slot, Storage& inner, std::span<Cell* const> cells) noexcept
      WEIR_REQUIRES(registration_lock());
  /// A sample with a cell of the book's own (`through`), and its number.
  std::uint32_t book_own(const CellGroup& group, std::uint32_t i, Cell*& cell) WEIR_REQUIRES(registration_lock());
  /// A sample counted by a process that is gone; what comes twice adds up, of a gauge the newer stays.
  void add_counted(BookedName name, double value, double timestamp) WEIR_REQUIRES(registration_lock());
  void put_exemplar(const CellGroup& group, std::uint32_t i, const Exemplar& exemplar)
      WEIR_REQUIRES(registration_lock());
  /// In a forked child: own cells start at zero, other samples are gone until their cells are made anew.
  void start_in_child() WEIR_REQUIRES(registration_lock());

  /// How many samples there are; their numbers are [0, size).
  std::uint32_t size() const WEIR_EXCLUDES(registration_lock());
  /// The name of sample `i`; valid for as long as the book.
  const BookedName& name(std::uint32_t i) const WEIR_EXCLUDES(registration_lock());
  /// The values of samples first, first + 1, …
  void read(std::uint32_t first, std::span<BookedValue> out) const WEIR_EXCLUDES(registration_lock());
  std::optional<Exemplar> exemplar(std::uint32_t i) const WEIR_EXCLUDES(registration_lock());

 private:
  struct Sample {
    BookedName name;
    std::vector<Cell*> cells;
    std::vector<Cell*> released;  // of memory cells, which inner would hand to somebody else
    std::unique_ptr<Cell> own;
    std::optional<Exemplar> exemplar;
    std::uint32_t exemplar_version = 0;
  };

  std::uint32_t number_of(const CellGroup& group, std::uint32_t i) WEIR_REQUIRES(registration_lock());
  bool take_back(const std::vector<std::uint32_t>& numbers, bool gauge, std::span<Cell*> out)
      WEIR_REQUIRES(registration_lock());
  static BookedValue value_of(const Sample& sample);

  std::deque<Sample> samples_ WEIR_GUARDED_BY(registration_lock());
  std::unordered_map<std::string, std::uint32_t> numbers_ WEIR_GUARDED_BY(registration_lock());  // by kind and JSON key
};

}  // namespace weir
