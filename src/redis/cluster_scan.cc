#include "redis/cluster_scan.h"

#include <algorithm>

#include "model/printable.h"
#include "redis/run_together.h"
#include "redis/scan.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

constexpr int kMaxWalks = 3;

std::vector<std::string> scan_master(ClusterTopology& topology, const RedisAddress& master, const std::string& pattern,
                                     std::size_t count) {
  try {
    return scan_node(*topology.node(master), pattern, count);
  } catch (const RedisError&) {
    topology.mark_old();
    throw;
  }
}

/// True when a master says, in the line of CLUSTER NODES about itself, that a slot is on its way: `[7-<-id]`,
/// `[7->-id]`.
bool slots_are_moving(ClusterTopology& topology, const std::vector<RedisAddress>& masters) {
  const RedisCommand nodes{{"CLUSTER", "NODES"}, "", true, true};
  return std::any_of(masters.begin(), masters.end(), [&](const RedisAddress& master) {
    const RedisCommand* sent = &nodes;
    RedisReply reply;
    topology.node(master)->exchange({&sent, 1}, {&reply, 1});  // not allowed to ask: then the map alone must do
    return reply.text.find("-<-") != std::string::npos || reply.text.find("->-") != std::string::npos;
  });
}

}  // namespace

std::vector<std::string> scan_cluster(ClusterTopology& topology, const std::string& pattern, std::size_t count) {
  const auto refresh = [&] {
    if (const std::optional<RedisReply> why = topology.refresh()) why->throw_if_bad("SCAN " + printable(pattern));
  };
  std::vector<std::string> keys;
  refresh();
  for (int walk = 0; walk < kMaxWalks; ++walk) {
    const std::shared_ptr<const SlotMap> before = topology.map();
    const std::vector<RedisAddress> masters = before->masters();
    std::vector<std::vector<std::string>> found(masters.size());
    run_together(masters.size(), [&](std::size_t i) { found[i] = scan_master(topology, masters[i], pattern, count); });
    for (std::vector<std::string>& some : found) keys.insert(keys.end(), some.begin(), some.end());
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    refresh();
    if (topology.map()->has_same_masters(*before) && !slots_are_moving(topology, masters)) break;
  }
  return keys;
}

}  // namespace weir
