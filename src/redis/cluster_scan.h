// All keys of a Redis Cluster that match a pattern.
//
//   std::vector<std::string> keys = scan_cluster(topology, "weir:*", 1000);
//
// SCAN walks one node. A key that moves between two walks, to a node walked already, is seen by neither; so when slots
// moved or are still moving after a walk of all masters, the walk is repeated (twice at most) and all that was seen
// counts: to be missed a key had to move in every walk.
//
// Thread safety: from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "redis/cluster_topology.h"

namespace weir {

/// Each key once, in order. `count` is SCAN's COUNT. Throws Redis…Error when one master does not answer.
std::vector<std::string> scan_cluster(ClusterTopology& topology, const std::string& pattern, std::size_t count);

}  // namespace weir
