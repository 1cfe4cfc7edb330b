// One Redis, one exposition: both layouts read into one set of series and merged as files are.
//
//   RedisMerge merge(client, {.per_process_prefix = "gunicorn", .shared_prefixes = {""}});
//   std::shared_ptr<Collection> collection = merge.collect();           // throws RedisError
//
// A collection looks who is there, reads, and looks again: when a fold or another epoch came between, it begins anew.
//
// Thread safety: one thread at a time. Process safety: reads only. Invariants: I2, I4, I5, I8.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis_collect/per_process_reader.h"
#include "redis_collect/shared_reader.h"
#include "weir/redis_collector.h"

namespace weir {

struct RedisMergeOptions {
  std::optional<std::string> per_process_prefix;  ///< nothing: that layout is not read
  std::vector<std::string> shared_prefixes;       ///< without `-`; none: that layout is not read
  bool scan_shared = false;                       ///< look for pytheus' keys too, which have no metadata
  bool accumulate = true;                         ///< cumulative buckets and derived `_count`
};

class RedisMerge {
 public:
  RedisMerge(RedisClient& client, RedisMergeOptions options);

  /// Without samples, and with a Problem, when what is there must not be shown. Throws RedisError.
  std::shared_ptr<Collection> collect();
  /// Of the last collection; `seconds` and `collections` are the caller's.
  const RedisMultiProcessCollector::Statistics& statistics() const noexcept { return statistics_; }

 private:
  const RedisMergeOptions options_;
  RedisReading reading_;
  std::unique_ptr<SeriesSet> set_;
  std::optional<PerProcessReader> per_process_;
  std::list<SharedReader> shared_;
  ReadValues values_;
  ValueSums sums_;
  std::vector<Problem> clash_problems_;
  RedisMultiProcessCollector::Statistics statistics_;

  bool read(std::vector<Problem>& problems);
  bool read_once(std::vector<Problem>& problems, bool& stands);
  void refer(std::vector<Problem>& problems);
  void settle();
  void merge(Collection& collection);
  void count();
  Problem describe(const NameClash& clash) const;
  std::string key_of(std::uint32_t family) const;
};

}  // namespace weir
