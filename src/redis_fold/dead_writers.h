// Which writers of a prefix have ended, by their claims and the server's clock (P7).
//
//   CalmWatch calm;  calm.look(node, master, uptime, …);     // at each look at the server
//   for (const DeadWriter& writer : read_writers(reading, keys).dead) …
//
// Thread safety: one thread at a time.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "redis_collect/redis_merge_reading.h"
#include "redis_layout/redis_keys.h"

namespace weir {

/// The token of a claim whose writer is being folded in parts: nobody ships under it, for no writer has it.
inline constexpr std::string_view kSealed = "sealed";

struct DeadWriter {
  std::string name;
  std::string token;  ///< of its claim
  std::string owner;  ///< of its keys: the token its claim had while it lived
  std::string sequence;
  bool said_goodbye = false;
  bool is_sealed() const noexcept { return token == kSealed; }
};

struct WritersOnServer {
  std::vector<DeadWriter> dead;  ///< whose time has come
  std::size_t live = 0;
  std::size_t waiting = 0;  ///< dead, and not to be folded yet
  std::chrono::milliseconds longest_lease{0};
};

/// The writers of all buckets. Throws RedisError.
WritersOnServer read_writers(RedisReading& reading, const RedisKeys& keys);

/// How long a server has been up and the same master, as far as one can tell from here: after a restart or a failover
/// no lease may stand, and everybody would look dead.
class CalmWatch {
 public:
  using Clock = std::chrono::steady_clock;
  /// `master`: its replication id; `uptime` its own. Of several masters each is looked at under its `node`.
  void look(const std::string& node, const std::string& master, std::chrono::seconds uptime, bool was_promoted,
            Clock::time_point now);
  /// Until all have been calm for `needed`; 0: they have.
  std::chrono::milliseconds remaining(std::chrono::milliseconds needed, Clock::time_point now) const;

 private:
  struct Node {
    std::string master;
    Clock::time_point since;
  };
  std::map<std::string, Node> nodes_;
};

}  // namespace weir
