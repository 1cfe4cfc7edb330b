// What keeps a process's keys in the shared layout described and alive: metadata, expiries, last words.
#include <algorithm>
#include <array>

#include "redis_ship/shared_shipment.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kLongestRenewal{60};

std::chrono::steady_clock::duration pause_between_renewals(std::chrono::seconds key_life) {
  return std::min<std::chrono::steady_clock::duration>(key_life / 3, kLongestRenewal);
}

}  // namespace

// Metadata of metrics the server has not, and of all after it may have lost them.
void SharedShipment::announce() {
  if (client_->generation() != generation_) announced_ = 0;
  if (announced_ == series_.metadata_version()) return;
  generation_ = client_->generation();
  RedisCommand all{{"HSET", series_.keys().metadata()}, {}, true, false};
  for (const auto& [metric, metadata] : series_.metadata()) {
    all.arguments.push_back(metric);
    all.arguments.push_back(shared_metadata_json(metadata));
  }
  const std::string seconds = std::to_string(settings_.expire_key_time.count());
  const std::array<RedisCommand, 2> commands{
      std::move(all), RedisCommand{{"EXPIRE", series_.keys().metadata(), seconds}, {}, true, false}};
  for (const RedisReply& reply : client_->pipeline(commands)) reply.throw_if_bad("announcing metadata");
  announced_ = series_.metadata_version();
}

// Keys live while a process that counts in them lives, however idle.
void SharedShipment::renew() {
  const auto now = Clock::now();
  if (next_renewal_ == Clock::time_point{}) next_renewal_ = now + pause_between_renewals(settings_.expire_key_time);
  if (now < next_renewal_) return;
  const std::string seconds = std::to_string(settings_.expire_key_time.count());
  std::vector<std::string> keys;
  for (const SharedValue& value : series_.values()) keys.push_back(value.key);
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  std::vector<RedisCommand> commands{{{"EXPIRE", series_.keys().metadata(), seconds}, {}, true, false}};
  for (std::string& key : keys) commands.push_back({{"EXPIRE", std::move(key), seconds}, {}, true, false});
  const std::vector<RedisReply> replies = client_->pipeline(commands);
  for (const RedisReply& reply : replies) reply.throw_if_bad("renewing the expiry of keys");
  if (replies.front().integer == 0) announced_ = 0;  // metadata without an expiry, or gone: said again
  next_renewal_ = now + pause_between_renewals(settings_.expire_key_time);
}

// Every call has been answered: what remembers them stays as long as one may be on its way.
void SharedShipment::goodbye() {
  if (!spool_) return;
  std::vector<std::string> keys;
  for (const SharedValue& value : series_.values()) keys.push_back(batches_key(value.key));
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  const std::string seconds = std::to_string(std::chrono::seconds(kBatchLife).count());
  std::vector<RedisCommand> commands;
  for (std::string& key : keys) commands.push_back({{"EXPIRE", std::move(key), seconds}, {}, true, false});
  client_->pipeline(commands);
}

}  // namespace weir
