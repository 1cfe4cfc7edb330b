// The client of one server.
#include <algorithm>

#include "redis/client_counters.h"
#include "redis/clients.h"
#include "redis/node.h"
#include "redis/scan.h"

namespace weir {
namespace {

class SingleClient : public RedisClient {
 public:
  explicit SingleClient(RedisOptions options)
      : name_(weir::describe(options)),
        counters_(std::make_shared<ClientCounters>()),
        node_(options.addresses.at(0), options, counters_) {}

  bool ping() override {
    ask({{"PING"}, {}, true, true}).throw_if_bad("PING " + to_string(node_.address()));
    return true;
  }
  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override {
    std::vector<const RedisCommand*> pointers;
    pointers.reserve(commands.size());
    for (const RedisCommand& command : commands) pointers.push_back(&command);
    std::vector<RedisReply> replies(commands.size());
    node_.exchange(pointers, replies);
    // The name may stand for another server by now: one that was the master, and is a replica.
    const auto is_readonly = [](const RedisReply& reply) { return reply.error_code() == "READONLY"; };
    if (std::any_of(replies.begin(), replies.end(), is_readonly)) node_.drop_connections();
    return replies;
  }
  std::uint64_t generation() const override { return node_.generation(); }
  bool is_cluster() const override { return false; }
  std::string describe() const override { return name_; }
  RedisClientStatistics statistics() const override { return counters_->read(); }
  std::vector<RedisReply> on_every_master(const RedisCommand& command) override { return pipeline({&command, 1}); }
  std::vector<std::string> scan_keys(const std::string& pattern, std::size_t count) override {
    return scan_node(node_, pattern, count);
  }

 private:
  RedisReply ask(const RedisCommand& command) { return std::move(pipeline({&command, 1}).front()); }

  const std::string name_;
  const std::shared_ptr<ClientCounters> counters_;
  Node node_;
};

}  // namespace

std::shared_ptr<RedisClient> make_single_client(RedisOptions options) {
  return std::make_shared<SingleClient>(std::move(options));
}

}  // namespace weir
