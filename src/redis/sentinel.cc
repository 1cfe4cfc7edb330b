#include "redis/sentinel.h"

#include <algorithm>
#include <memory>

namespace weir {
namespace {

RedisOptions options_for(RedisOptions options, const RedisAddress& address, std::chrono::milliseconds patience,
                         bool with_auth) {
  options.topology = RedisTopology::single;
  options.addresses = {address};
  options.connect_timeout = std::min(options.connect_timeout, patience);
  options.reply_timeout = std::min(options.reply_timeout, patience);
  options.db = 0;
  options.pool_size = 1;
  if (!with_auth) {
    options.username.clear();
    options.password = Secret();
  }
  return options;
}

}  // namespace

RedisReply ask_node(Node& node, const RedisCommand& command) {
  const RedisCommand* sent = &command;
  RedisReply reply;
  node.exchange({&sent, 1}, {&reply, 1});
  return reply;
}

Sentinel::Sentinel(const RedisOptions& options, const RedisAddress& address, std::chrono::milliseconds patience)
    : has_secrets_(!options.password.empty() || !options.username.empty()),
      plain_(address, options_for(options, address, patience, false), std::make_shared<ClientCounters>()),
      authenticated_(address, options_for(options, address, patience, true), std::make_shared<ClientCounters>()) {}

bool Sentinel::wants_auth(const RedisReply& reply) {
  const bool failed = reply.is_failure() && reply.failure == RedisReply::Failure::authentication;
  return failed || reply.error_code() == "NOAUTH";
}

RedisReply Sentinel::ask(const RedisCommand& command) {
  const bool uses_auth = uses_auth_.load(std::memory_order_relaxed);
  RedisReply reply = ask_node(uses_auth ? authenticated_ : plain_, command);
  if (!wants_auth(reply) || !has_secrets_) return reply;
  // Refused one way, it is asked the other: it may have got, or lost, its password since.
  RedisReply second = ask_node(uses_auth ? plain_ : authenticated_, command);
  if (second.is_failure() || second.is_error()) return uses_auth ? reply : second;
  uses_auth_.store(!uses_auth, std::memory_order_relaxed);
  return second;
}

}  // namespace weir
