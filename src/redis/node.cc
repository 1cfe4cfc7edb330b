#include "redis/node.h"

#include <algorithm>
#include <vector>

#include "redis/connection_pool.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using std::chrono::steady_clock;

/// The failure an exception of Connection::open stands for.
RedisReply failure_of(const RedisError& error) {
  RedisReply::Failure failure = RedisReply::Failure::connection;
  if (dynamic_cast<const RedisTimeoutError*>(&error) != nullptr) failure = RedisReply::Failure::timeout;
  if (dynamic_cast<const RedisAuthenticationError*>(&error) != nullptr) failure = RedisReply::Failure::authentication;
  if (dynamic_cast<const RedisProtocolError*>(&error) != nullptr) failure = RedisReply::Failure::protocol;
  return RedisReply::make_failure(failure, error.what());
}

bool is_lost_connection(const RedisReply& reply) {
  return reply.is_failure() && reply.failure == RedisReply::Failure::connection;
}

using Commands = std::span<const RedisCommand* const>;
using Replies = std::span<RedisReply>;

}  // namespace

struct Node::Impl {
  /// A connection of a pool, given back when it is done with.
  struct Loan {
    ConnectionPool& pool;
    std::unique_ptr<Connection> connection;
    ~Loan() {
      if (connection) pool.give(std::move(connection));
    }
  };

  void exchange_on(Connection& connection, Commands commands, Replies replies);
  /// True when `commands` were tried on a kept connection.
  bool exchange_on_kept(ConnectionPool& pool, Commands commands, Replies replies);
  void exchange_on_fresh(ConnectionPool& pool, Commands commands, Replies replies);
  void repeat_lost(ConnectionPool& pool, Commands commands, Replies replies);
  bool is_healthy(Connection& connection) const;
  void count(Replies replies);

  const RedisAddress address;
  const RedisOptions options;
  const std::shared_ptr<ClientCounters> counters;
  std::atomic<ConnectionPool*> pool;
  std::atomic<std::uint64_t> generation{0};
};

void Node::Impl::exchange_on(Connection& connection, Commands commands, Replies replies) {
  const auto start = steady_clock::now();
  connection.exchange(commands, replies);
  counters->add_round_trip(commands.size(), steady_clock::now() - start);
}

bool Node::Impl::is_healthy(Connection& connection) const {
  if (steady_clock::now() - connection.last_used() <= options.health_check_interval) return true;
  const RedisCommand ping{{"PING"}, {}, true, true};
  const RedisCommand* const command = &ping;
  RedisReply reply;
  connection.exchange({&command, 1}, {&reply, 1});
  return !reply.is_failure();  // an error is an answer
}

bool Node::Impl::exchange_on_kept(ConnectionPool& from, Commands commands, Replies replies) {
  for (;;) {
    Loan loan{from, from.take()};
    if (!loan.connection) return false;
    if (!is_healthy(*loan.connection)) {
      from.drop();  // the others are no better, and each may cost a timeout
      continue;
    }
    exchange_on(*loan.connection, commands, replies);
    if (replies.back().is_failure()) from.drop();
    return true;
  }
}

void Node::Impl::exchange_on_fresh(ConnectionPool& into, Commands commands, Replies replies) {
  const bool is_question = commands.size() == 1 && commands.front()->arguments == std::vector<std::string>{"PING"};
  if (const std::optional<RedisReply> failure = into.must_wait(); failure && !is_question) {
    std::fill(replies.begin(), replies.end(), *failure);
    return;
  }
  Loan loan{into, nullptr};
  try {
    loan.connection = Connection::open(address, options);
  } catch (const RedisError& error) {
    const RedisReply failure = failure_of(error);
    into.note_failure(failure);
    std::fill(replies.begin(), replies.end(), failure);
    return;
  }
  into.add(*loan.connection);
  into.note_opened();
  counters->add_connection();
  generation.fetch_add(1, std::memory_order_relaxed);  // a number alone; nothing is published through it
  exchange_on(*loan.connection, commands, replies);
}

void Node::Impl::repeat_lost(ConnectionPool& into, Commands commands, Replies replies) {
  std::vector<const RedisCommand*> again;
  std::vector<RedisReply*> places;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!is_lost_connection(replies[i]) || !commands[i]->repeatable) continue;
    again.push_back(commands[i]);
    places.push_back(&replies[i]);
  }
  if (again.empty()) return;
  std::vector<RedisReply> second(again.size());
  exchange_on_fresh(into, again, second);
  for (std::size_t i = 0; i < again.size(); ++i) *places[i] = std::move(second[i]);
}

void Node::Impl::count(Replies replies) {
  for (const RedisReply& reply : replies) {
    if (reply.is_failure()) counters->add_failure(reply.failure);
    if (reply.is_error()) counters->add_error_reply();
  }
}

Node::Node(RedisAddress address, RedisOptions options, std::shared_ptr<ClientCounters> counters)
    : impl_(new Impl{std::move(address), options, std::move(counters), new ConnectionPool(options.pool_size)}) {}

Node::~Node() { delete impl_->pool.load(std::memory_order_relaxed); }  // nobody else uses it any more

void Node::exchange(Commands commands, Replies replies) {
  if (commands.empty()) return;
  ConnectionPool& pool = ConnectionPool::of_this_process(impl_->pool);
  if (impl_->exchange_on_kept(pool, commands, replies)) {
    impl_->repeat_lost(pool, commands, replies);
  } else {
    impl_->exchange_on_fresh(pool, commands, replies);
  }
  impl_->count(replies);
}

// Relaxed: a number alone.
std::uint64_t Node::generation() const noexcept { return impl_->generation.load(std::memory_order_relaxed); }

void Node::drop_connections() { ConnectionPool::of_this_process(impl_->pool).drop(); }

const RedisAddress& Node::address() const noexcept { return impl_->address; }

}  // namespace weir
