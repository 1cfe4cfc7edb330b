// The one script of folding in Redis (P9), and its arguments.
//
// Thread safety: a constant; FoldCall is a value.
#pragma once

#include <string>
#include <vector>

#include "weir/redis_client.h"

namespace weir {

/// What one call does. Nothing of it happens unless all it was made from still holds.
struct FoldCall {
  std::string claim, lease, index, tomb, writers, folds;  // keys
  std::string token, sequence, folds_before, writer;      // what must hold; the writer's name

  struct Put {  ///< a retired value
    std::string metric, meta;
    std::string value, timestamp, original_key, typ, mode;
    std::size_t retired = 0;  ///< of `retired`
    std::string member;
  };
  struct Retired {  ///< a retired writer: the n-th parts of sums
    std::string name, claim, index;
  };
  std::vector<Retired> retired;
  std::vector<Put> puts;
  std::vector<std::string> drops;                          ///< keys that go
  std::vector<std::string> keeps;                          ///< keys that stay for `keep_s`
  std::vector<std::pair<std::string, std::string>> tombs;  ///< member and value folded; empty: no tombstone
  std::string keep_s;

  RedisCommand command() const;
};

const RedisScript& fold_script();

}  // namespace weir
