// What a process of the shared layout writes down, so that another can ship the rest of what it counted: which of its
// increments the server has, and which it may have (protocols P10, P11).
//
//   writer    its name in the keys of batches
//   order     kind, JSON key, label names as declared            the JSON key has them sorted
//   value     key, field, known or not, shipped, timestamp       numbered from 0, as they come
//   call      key of batches, field, sequence                    then its operations, then, of all calls, `frozen`
//   op        value, verb, amount, total, timestamp
//   answered  sequence, then the operations that were refused
//
// A batch is written down before it is sent: sent again under its number it changes nothing the server has done. What
// is not yet frozen is what the cells hold beyond `shipped`.
//
// Thread safety and process safety: as Spool. Invariants: I1.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "redis_ship/shared_batch.h"
#include "redis_ship/shared_series.h"
#include "redis_ship/spool.h"

namespace weir {

/// What a record says.
struct SharedPast {
  struct Value {
    std::string key;
    std::string field;
    bool is_known = false;
    double shipped = 0;
    double timestamp = 0;
  };
  std::string writer;
  std::uint64_t sequence = 0;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> orders;  // by kind and JSON key
  std::vector<Value> values;
  std::vector<SharedCall> batch;  // frozen and not answered; operations count in `values`
};

/// Nothing for lines that are no record of this layout.
std::optional<SharedPast> read_shared_past(const std::vector<std::vector<std::string>>& lines);

class SharedSpool {
 public:
  SharedSpool(Spool& spool, std::string writer) : spool_(spool), writer_(std::move(writer)) {}

  /// Before a batch is sent. Throws StorageError: then it must not be.
  void freeze(const SeriesBook& book, const SharedSeries& series, const std::vector<SharedCall>& batch);
  void answered(const SharedCall& call, const std::vector<std::size_t>& refused);

 private:
  std::string learned(const SeriesBook& book, const SharedSeries& series);

  Spool& spool_;
  const std::string writer_;
  bool has_saved_ = false;     // values are numbered as ours: not so in a record that was found
  std::uint32_t ordered_ = 0;  // samples of the book whose order is written
  std::size_t valued_ = 0;     // values that are written
  std::size_t saved_ = 0;      // bytes of the last whole record
  std::size_t appended_ = 0;
};

}  // namespace weir
