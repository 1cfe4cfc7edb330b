// Many files, one exposition: keeps what is known of each file between collections and merges their values.
//
//   FileMerge merge{{.accumulate = true}};
//   auto collection = merge.collect(files, problems);      // files sorted by path
//
// A collection has three steps: sync every file (what is new is walked, what went gives its references back), settle
// the set of series if it changed, then read every value. The table is shared with earlier collections while the set of
// series stays the same.
//
// Thread safety: one thread at a time. Process safety: reads only. Invariants: I2, I4, I5, I8.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collect/db_reader.h"
#include "collect/series_set.h"
#include "collect/value_sums.h"
#include "weir/multiprocess.h"
#include "weir/snapshot.h"

namespace weir {

struct MergeFile {
  std::string path;
  FileName name;
};

struct MergeOptions {
  bool accumulate = true;       ///< cumulative buckets and derived `_count`
  bool leave_out_dead = false;  ///< live* gauges of our own writers that have ended
  bool keep_open = true;        ///< descriptors stay open for the next collection
};

class FileMerge {
 public:
  explicit FileMerge(MergeOptions options);

  /// `files` sorted by path, archives among them. `problems`: what was met before, it is handed on with what is met
  /// here. Null where files went meanwhile with values that no archive holds: list them again (P6). With `take_stale`
  /// what is there is collected all the same.
  std::shared_ptr<Collection> collect(std::span<const MergeFile> files, const std::vector<Problem>& problems,
                                      bool take_stale = true);
  /// Of the last collection; `seconds` and `collections` are the caller's.
  const MultiProcessCollector::Statistics& statistics() const noexcept { return statistics_; }

 private:
  MergeOptions options_;
  std::size_t most_open_;
  std::unique_ptr<SeriesSet> set_;
  std::vector<std::unique_ptr<DbReader>> readers_;  // by path
  ReadBuffers buffers_;
  ValueSums sums_;
  std::vector<Problem> clash_problems_;
  MultiProcessCollector::Statistics statistics_;

  std::shared_ptr<Collection> nothing_without(const std::string& path, std::vector<Problem> problems);
  void match_readers(std::span<const MergeFile> files);
  void start_over();
  bool sync(std::vector<Problem>& problems);
  void leave_out_archived();
  std::vector<const DbReader*> archives_with_sources() const;
  bool lost_any(std::vector<Problem>& problems) const;
  bool sync_one(std::size_t index, std::vector<Problem>& problems);
  void settle();
  bool read(std::vector<Problem>& problems);
  Problem describe(const NameClash& clash) const;
  std::string file_of(std::uint32_t family) const;
};

}  // namespace weir
