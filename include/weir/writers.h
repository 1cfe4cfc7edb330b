// Who stands behind a source: the processes that wrote what it reads, and one family split by them.
//
//   std::unique_ptr<WriterView> writers = directory_writers("/run/app/metrics");     // weir/multiprocess.h
//   Exposer exposer({}, source, nullptr, writers.get());                             // the page at / shows them
//
// A scrape does not need it: merged values do not say who counted. Asked for people only, at most once a second.
//
// Thread safety: every member of a view may be called from several threads at once. Process safety: reads only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weir/snapshot.h"

namespace weir {

/// Whether a writer lives, as far as this host (or its Redis) can tell; `folded`: what writers that have ended counted.
enum class WriterState : std::uint8_t { alive, dead, unknown, folded };
/// `alive`, `dead`, `unknown`, `folded`.
const char* to_string(WriterState state) noexcept;

struct Writer {
  std::string name;  ///< its pid, or its distinct identity
  WriterState state = WriterState::unknown;
  std::string host;           ///< empty: this one, or not told
  std::size_t files = 0;      ///< of a directory
  std::uint64_t bytes = 0;    ///< in use, of its files
  std::uint64_t values = 0;   ///< keys of a Redis
  double last_flush_age = 0;  ///< seconds since all it counted was in Redis; 0: not told
};

/// One value of one writer. Histogram buckets stand as stored: not cumulative.
struct WriterShare {
  std::string writer;
  WriterState state = WriterState::unknown;
  std::string sample;
  Labels labels;
  double value = 0;
};

struct FamilySplit {
  std::vector<WriterShare> shares;
  bool is_cut = false;  ///< there were more than asked for
};

class WriterView {
 public:
  virtual ~WriterView() = default;
  /// `files` or `redis`.
  virtual std::string storage() const = 0;
  /// For people who find nothing: how a process comes to write there.
  virtual std::string how_to_write() const = 0;
  /// Sorted by state, then by name. Throws what looking there throws.
  virtual std::vector<Writer> writers() = 0;
  /// At most `most` values of that family, as the collection names it. Throws what reading throws.
  virtual FamilySplit split(const FamilyHead& family, std::size_t most) = 0;
};

/// The name under which processes know a family that a collection shows as `<name>_conflict_<type>`.
std::string name_before_conflict(const FamilyHead& family);

}  // namespace weir
