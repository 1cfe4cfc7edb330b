// The scripts of folding in Redis (P9), and their arguments.
//
// A writer of few values is folded by one call. A large one is sealed first: its claim gets a token nobody has, so its
// values stand still, and whoever wrote them finds the whole tombstone at that moment; then they are moved part by
// part, each part by a call like the one of a small writer.
//
// Thread safety: constants; calls are values.
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
  bool is_last = true;  ///< the writer goes; else these `members` leave its index
  std::vector<std::string> members;

  RedisCommand command() const;
};

const RedisScript& fold_script();

/// Puts the tombstone prepared at `staged` in its place and seals the claim, if the writer is what it was.
struct SealCall {
  std::string claim, lease, staged, tomb;  // keys
  std::string token, sequence;
  std::size_t tombs = 0;  ///< values in the tombstone; 0: there shall be none

  RedisCommand command() const;
};

const RedisScript& seal_script();

}  // namespace weir
