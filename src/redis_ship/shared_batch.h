// What one flush of the shared layout says to the server, frozen until it is answered (P10).
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

enum class SharedVerb : std::uint8_t { add, set, init };

struct SharedOperation {
  std::uint32_t value = 0;  ///< in SharedSeries::values()
  SharedVerb verb = SharedVerb::add;
  double amount = 0;
  double total = 0;  ///< this process's, once it is acknowledged
  double timestamp = 0;
};

struct SharedCall {
  std::string batches;  ///< the key that remembers it
  std::string field;
  std::uint64_t sequence = 0;
  std::vector<SharedOperation> operations;
};

}  // namespace weir
