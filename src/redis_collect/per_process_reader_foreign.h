// Keys of the per-process layout that no index names: those of Python's exporter.
//
//   ForeignKeys foreign(prefix);
//   for (auto& [writer, members] : foreign.read(reading, indexed, problems)) …
//
// Beside a gauge's real key Python leaves another, `gauge:<pid>:…`, without a mode: it is passed over where the real
// one is, and else stands for mode `all`.
//
// Thread safety: one thread at a time. Invariants: I4, I5.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "redis_collect/redis_merge_scan.h"
#include "redis_layout/redis_keys.h"

namespace weir {

/// Upstream's kind of a gauge whose mode it forgot.
inline constexpr std::string_view kArtefactKind = "gauge";

class ForeignKeys {
 public:
  explicit ForeignKeys(const std::string& prefix);

  /// Index members (`<kind>:<hash>`, sorted) by writer. `is_indexed(writer, member)`: one of ours.
  std::map<std::string, std::vector<std::string>> read(
      RedisReading& reading, const std::function<bool(const std::string&, const std::string&)>& is_indexed,
      std::vector<Problem>& problems);

 private:
  struct Found {
    std::string writer;
    std::string member;
  };
  std::string prefix_;
  KeyScan scan_;
  std::vector<Found> found_;       // at the last scan; without those an index named since
  std::vector<Problem> bad_keys_;  // likewise

  void take_keys();

  void drop_artefacts(std::vector<std::string>& members) const;
};

}  // namespace weir
