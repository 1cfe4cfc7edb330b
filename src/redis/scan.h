// Every key of one server that matches a pattern, by SCAN.
//
// Thread safety: as Node.
#pragma once

#include <string>
#include <vector>

#include "redis/node.h"

namespace weir {

/// Asks for about `count` keys a round trip. Sorted, each once; keys made or deleted meanwhile may be in it or not.
/// Throws what a reply stands for.
std::vector<std::string> scan_node(Node& node, const std::string& pattern, std::size_t count);

}  // namespace weir
