#include "redis/cluster_slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "weir/redis_error.h"

namespace weir {
namespace {

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021U : 0U);
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

std::uint16_t crc16(std::string_view bytes) noexcept {
  static constexpr std::array<std::uint16_t, 256> kTable = make_crc_table();
  unsigned crc = 0;
  for (const char byte : bytes) crc = (crc << 8) ^ kTable[((crc >> 8) ^ static_cast<unsigned char>(byte)) & 0xff];
  return static_cast<std::uint16_t>(crc);
}

[[noreturn]] void fail(const RedisAddress& asked, std::string_view what) {
  throw RedisProtocolError(fmt::format("CLUSTER SLOTS of {}: {}", to_string(asked), what));
}

// [host, port, id, …]: host may be nil, port is that of the kind of connection that asked (TLS or not).
RedisAddress parse_node(const RedisReply& node, const RedisAddress& asked) {
  using Kind = RedisReply::Kind;
  if (node.kind != Kind::array || node.elements.size() < 2 || node.elements[1].kind != Kind::integer ||
      (node.elements[0].kind != Kind::text && !node.elements[0].is_nil())) {
    fail(asked, "a node is [host, port, …]");
  }
  const std::int64_t port = node.elements[1].integer;
  if (port < 1 || port > 65535) fail(asked, fmt::format("port {} is not in 1 to 65535", port));
  return {announced_host(node.elements[0].text, asked), static_cast<std::uint16_t>(port), ""};
}

}  // namespace

std::uint16_t key_slot(std::string_view key) noexcept {
  if (const std::size_t open = key.find('{'); open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % kClusterSlots;
}

std::string announced_host(std::string_view host, const RedisAddress& asked) {
  if (!host.empty() && host != "?") return std::string(host);
  return asked.host.empty() ? "localhost" : asked.host;  // asked over a Unix socket
}

SlotMap SlotMap::parse(const RedisReply& reply, const RedisAddress& asked) {
  using Kind = RedisReply::Kind;
  if (reply.kind != Kind::array) fail(asked, "not an array");
  SlotMap map;
  for (const RedisReply& range : reply.elements) {
    const std::vector<RedisReply>& parts = range.elements;
    if (range.kind != Kind::array || parts.size() < 3 || parts[0].kind != Kind::integer ||
        parts[1].kind != Kind::integer) {
      fail(asked, "a range is [first slot, last slot, master, replicas …]");
    }
    const std::int64_t first = parts[0].integer;
    const std::int64_t last = parts[1].integer;
    if (first < 0 || first > last || last >= static_cast<std::int64_t>(kClusterSlots)) {
      fail(asked, fmt::format("slots {} to {} are not in 0 to {}", first, last, kClusterSlots - 1));
    }
    const std::uint16_t shard = map.shard_with(parse_node(parts[2], asked));
    if (shard == kNobody) fail(asked, "more masters than slots");
    std::fill(map.owners_.begin() + first, map.owners_.begin() + last + 1, shard);
    std::vector<RedisAddress>& replicas = map.shards_[shard].replicas;  // the same in every range of the master
    replicas.clear();
    for (std::size_t i = 3; i < parts.size(); ++i) replicas.push_back(parse_node(parts[i], asked));
    std::sort(replicas.begin(), replicas.end());
  }
  return map;
}

const ClusterShard* SlotMap::shard_of(std::size_t slot) const noexcept {
  if (slot >= owners_.size() || owners_[slot] == kNobody) return nullptr;
  return &shards_[owners_[slot]];
}

bool SlotMap::assign(std::size_t slot, const RedisAddress& master) {
  const ClusterShard* shard = shard_of(slot);
  if (slot >= owners_.size() || (shard != nullptr && shard->master == master)) return false;
  owners_[slot] = shard_with(master);
  return true;
}

std::vector<RedisAddress> SlotMap::masters() const {
  std::vector<RedisAddress> masters;
  for (const ClusterShard& shard : shards_) masters.push_back(shard.master);
  std::sort(masters.begin(), masters.end());
  return masters;
}

bool SlotMap::has_same_masters(const SlotMap& other) const noexcept {
  for (std::size_t slot = 0; slot < kClusterSlots; ++slot) {
    const ClusterShard* mine = shard_of(slot);
    const ClusterShard* others = other.shard_of(slot);
    if ((mine == nullptr) != (others == nullptr)) return false;
    if (mine != nullptr && mine->master != others->master) return false;
  }
  return true;
}

std::uint16_t SlotMap::shard_with(const RedisAddress& master) {
  const auto found =
      std::find_if(shards_.begin(), shards_.end(), [&](const ClusterShard& shard) { return shard.master == master; });
  if (found != shards_.end()) return static_cast<std::uint16_t>(found - shards_.begin());
  if (shards_.size() >= kClusterSlots) return kNobody;  // more masters than slots are nonsense
  shards_.push_back({master, {}});
  return static_cast<std::uint16_t>(shards_.size() - 1);
}

}  // namespace weir
