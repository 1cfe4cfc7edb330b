// The slots of a Redis Cluster: which slot a key has, and which node serves a slot.
//
//   std::uint16_t slot = key_slot("{b07}4242");                       // of `b07` alone
//   SlotMap map = SlotMap::parse(reply_of_cluster_slots, address_asked);
//   if (const ClusterShard* shard = map.shard_of(slot)) connect_to(shard->master);
//   map.assign(slot, moved_to);                                       // what a MOVED says
//
// Thread safety: a value; const members from any thread.
// Source: https://redis.io/docs/reference/cluster-spec/ and https://redis.io/commands/cluster-slots/
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "weir/redis_options.h"
#include "weir/redis_reply.h"

namespace weir {

inline constexpr std::size_t kClusterSlots = 16384;

/// CRC16 (XMODEM) of the key, or of its hash tag: what stands between the first `{` and the next `}`, if anything does.
std::uint16_t key_slot(std::string_view key) noexcept;

/// A master and the nodes that copy it.
struct ClusterShard {
  RedisAddress master;
  std::vector<RedisAddress> replicas;
};

/// The host of a node as the Cluster announces it: `asked` if the node did not know better (empty or `?`).
std::string announced_host(std::string_view host, const RedisAddress& asked);

class SlotMap {
 public:
  /// No slot is served.
  SlotMap() : owners_(kClusterSlots, kNobody) {}
  /// Reads the reply of CLUSTER SLOTS that `asked` gave. Throws RedisProtocolError for anything else.
  static SlotMap parse(const RedisReply& reply, const RedisAddress& asked);

  /// Null for a slot nobody serves, and beyond the last slot.
  const ClusterShard* shard_of(std::size_t slot) const noexcept;
  /// `slot` is served by `master`; false when it was already.
  bool assign(std::size_t slot, const RedisAddress& master);

  bool empty() const noexcept { return shards_.empty(); }
  const std::vector<ClusterShard>& shards() const noexcept { return shards_; }
  /// In the order of their addresses.
  std::vector<RedisAddress> masters() const;
  /// True when every slot has the same master in both.
  bool has_same_masters(const SlotMap& other) const noexcept;

 private:
  static constexpr std::uint16_t kNobody = 0xffff;
  std::uint16_t shard_with(const RedisAddress& master);  // kNobody when there are too many

  std::vector<std::uint16_t> owners_;  // of a slot: index of its shard
  std::vector<ClusterShard> shards_;
};

}  // namespace weir
