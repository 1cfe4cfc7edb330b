// A client that hands everything to another: tests derive from it and change what they are about.
//
// Thread safety: that of the client it stands before.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "weir/redis_client.h"

namespace weir::for_test {

class ForwardingClient : public RedisClient {
 public:
  explicit ForwardingClient(std::shared_ptr<RedisClient> client) : client_(std::move(client)) {}

  bool ping() override { return client_->ping(); }
  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override {
    return client_->pipeline(commands);
  }
  std::uint64_t generation() const override { return client_->generation(); }
  bool is_cluster() const override { return client_->is_cluster(); }
  std::string describe() const override { return client_->describe(); }
  RedisClientStatistics statistics() const override { return client_->statistics(); }
  std::vector<RedisReply> on_every_master(const RedisCommand& command) override {
    return client_->on_every_master(command);
  }
  std::vector<std::string> scan_keys(const std::string& pattern, std::size_t count) override {
    return client_->scan_keys(pattern, count);
  }

 private:
  std::shared_ptr<RedisClient> client_;
};

}  // namespace weir::for_test
