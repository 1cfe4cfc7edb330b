// Logs what a source could not read: once when it appears, not at every scrape; again when it had gone and came back.
//
// Thread safety: belongs to one thread.
// Invariants: I4 (remembers at most kRemembered problems and logs at most that many lines a collection).
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "weir/snapshot.h"

namespace weir {

class ProblemLog {
 public:
  static constexpr std::size_t kRemembered = 200;

  /// The problems of one collection. Returns how many lines it logged.
  std::size_t met(std::span<const Problem> problems);

 private:
  std::set<std::pair<std::string, std::string>> known_;  // subject, reason
};

}  // namespace weir
