// The values this process keeps in the shared layout, each a key and perhaps a hash field, and what they add up from.
//
// pytheus stores buckets cumulated and a count beside them, cells hold each bucket's own: a histogram's values are
// chained, each adds its own cell to the one before.
//
// Thread safety: one thread at a time (the shipping lock).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "redis_layout/shared_keys.h"
#include "redis_layout/shared_metadata.h"
#include "redis_ship/series_book.h"

namespace weir {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

struct SharedValue {
  std::string key;
  std::string field;               ///< labels JSON; empty: the key is a string
  std::uint32_t sample = kNone;    ///< of the book; kNone: nothing of its own (a histogram's count)
  std::uint32_t previous = kNone;  ///< a value of this list that is part of this one
  bool is_gauge = false;
  bool keeps_time = false;  ///< a mostrecent gauge: only what was set counts
  // What the server has.
  bool is_known = false;  ///< the key was made by us, or stood there
  double shipped = 0;
  double timestamp = 0;  ///< of the last set shipped
};

class SharedSeries {
 public:
  explicit SharedSeries(SharedKeys keys) : keys_(std::move(keys)) {}

  /// Learns the samples the book has since the last call.
  void learn(const SeriesBook& book);
  /// How many samples of the book it knows.
  std::uint32_t learned() const noexcept { return learned_; }
  std::vector<SharedValue>& values() noexcept { return values_; }
  const std::vector<SharedValue>& values() const noexcept { return values_; }
  /// Metadata by metric name.
  const std::map<std::string, SharedMetadata>& metadata() const noexcept { return metadata_; }
  /// Rises with every change of the metadata: a metric more, or a bucket more of one.
  std::uint64_t metadata_version() const noexcept { return metadata_version_; }
  const SharedKeys& keys() const noexcept { return keys_; }

 private:
  void add_value(std::uint32_t sample, const BookedName& name);
  void add_part(std::uint32_t sample, const BookedName& name);
  void note_metadata(const std::string& metric, const BookedName& name);

  SharedKeys keys_;
  std::uint32_t learned_ = 0;
  std::vector<SharedValue> values_;
  std::map<std::string, SharedMetadata> metadata_;
  std::uint64_t metadata_version_ = 0;
  std::map<std::pair<std::string, std::string>, std::uint32_t> last_bucket_;  // by metric and field
};

}  // namespace weir
