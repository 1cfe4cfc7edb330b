// The JSON keys behind the hashes in Redis keys, each asked for once.
//
//   MetadataCache cache(keys);
//   cell.key = cache.find(member);                      // shared by every writer's cell of that member
//   cache.resolve(reading, cells, problems);            // asks for those nobody knows yet
//
// A hash is the MD5 of its key, so one writer's metadata serves all. Where it is not, the text serves that one writer.
//
// Thread safety: one thread at a time. Invariants: I4, I8 (what no cell holds is dropped).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "redis_collect/redis_merge_reading.h"
#include "redis_layout/redis_keys.h"

namespace weir {

struct KeyText {
  std::string json;     ///< `original_key`; empty: not known
  std::string refused;  ///< why it is no key; empty: it is one, or nobody has tried
};

/// What is to be resolved: a member of a writer's, and where its text goes.
struct WantedKey {
  std::string_view member;  ///< `<kind>:<hash>`
  std::string_view writer;
  std::shared_ptr<KeyText>* text = nullptr;
};

class MetadataCache {
 public:
  explicit MetadataCache(const RedisKeys& keys) : keys_(keys) {}

  std::shared_ptr<KeyText> find(const std::string& member);
  /// Asks for every text that is missing; what is still missing then stays empty.
  void resolve(RedisReading& reading, std::vector<WantedKey> wanted, std::vector<Problem>& problems);
  /// Forgets texts nobody holds.
  void drop_unused();

 private:
  const RedisKeys& keys_;
  std::unordered_map<std::string, std::shared_ptr<KeyText>> texts_;  // by member

  static bool is_missing(const WantedKey& wanted);
  void ask(RedisReading& reading, std::span<const WantedKey> wanted, bool of_artefact, std::vector<Problem>* problems);
};

}  // namespace weir
