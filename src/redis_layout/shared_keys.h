// The names of everything the shared layout keeps in Redis: pytheus', one value for all processes.
//
//   [<prefix>-]<name>              counter, gauge: STRING, or with labels HASH of labels JSON to value
//   [<prefix>-]<name>:<le>         histogram, a key a bound, spelled by Python's str(): 0.005, 1.0, 10, +Inf
//   [<prefix>-]<name>:count        histogram, summary
//   [<prefix>-]<name>:sum          histogram, summary
//   [<prefix>-]weir.metadata       HASH of name to metadata JSON (shared_metadata.h); ours alone, pytheus keeps none
//
// <name> is the name a sample is exposed by: `requests_total` of a counter, also when it was declared `requests`; of
// histogram and summary the name itself. Facts of pytheus 0.6: a name is exposed as it stands (no `_total` is added);
// buckets are stored cumulated, an observation adds 1 to every bound it does not exceed; a NaN adds to `count` only;
// the hash field is json.dumps() of the labels in declared order, default labels first.
//
// Thread safety: pure functions. Invariants: I5.
// Source: pytheus 0.6.1, backends/redis.py and metrics.py
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

/// The hash field of a label set: `{"method": "GET", "code": "200"}`, in the order given. Empty without labels: then
/// the key is a string.
std::string shared_field(const Labels& labels);
/// The last part of a bucket's key: `0.005`, `1.0`, `+Inf`.
std::string shared_bound(double bound);

class SharedKeys {
 public:
  /// `key_prefix` without its `-`; empty: none.
  explicit SharedKeys(std::string_view key_prefix);
  /// What every key begins with: `prefix-` or nothing.
  const std::string& begin() const noexcept { return begin_; }

  std::string value(std::string_view name) const;
  /// `part` is a bound, `count` or `sum`.
  std::string part(std::string_view name, std::string_view part) const;
  std::string metadata() const;

 private:
  std::string begin_;
};

/// A key without its prefix, taken apart. Views into it.
struct SharedName {
  std::string_view name;
  std::string_view part;  ///< a bound, `count`, `sum`; empty: a value, or a name that holds a colon itself
};
/// Nothing for what cannot be a metric's key: the name must follow the classic rules.
std::optional<SharedName> parse_shared_name(std::string_view key);

}  // namespace weir
