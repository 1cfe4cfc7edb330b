#include "redis/connection.h"

#include <unistd.h>

#include "redis/exchange.h"
#include "redis/greeting.h"

namespace weir {

using std::chrono::steady_clock;

struct Connection::Impl {
  Impl(const RedisAddress& address, const RedisOptions& options, Deadline deadline)
      : name(to_string(address)), reply_timeout(options.reply_timeout), stream(address, options, deadline) {}

  /// The failure for what got no answer; kind nil when all did.
  RedisReply run(std::span<const RedisCommand* const> commands, std::span<RedisReply> replies, std::size_t& answered);

  const std::string name;
  const std::chrono::milliseconds reply_timeout;
  const pid_t owner = ::getpid();
  Stream stream;
  RespParser parser;
  bool is_usable = true;
  steady_clock::time_point last_used = steady_clock::now();
};

RedisReply Connection::Impl::run(std::span<const RedisCommand* const> commands, std::span<RedisReply> replies,
                                 std::size_t& answered) {
  Exchange exchange(stream, parser, replies);
  const auto failed = [&](RedisReply::Failure failure, const std::exception& error) {
    answered = exchange.answered();
    return RedisReply::make_failure(failure, name + ": " + error.what());
  };
  try {
    exchange.run({}, commands, {reply_timeout});
    answered = exchange.answered();
    is_usable = exchange.ended_clean();
    return {};
  } catch (const RedisTimeoutError& error) {
    return failed(RedisReply::Failure::timeout, error);
  } catch (const RedisProtocolError& error) {
    return failed(RedisReply::Failure::protocol, error);
  } catch (const std::exception& error) {  // of memory, too
    return failed(RedisReply::Failure::connection, error);
  }
}

std::unique_ptr<Connection> Connection::open(const RedisAddress& address, const RedisOptions& options) {
  const Deadline deadline = steady_clock::now() + options.connect_timeout;
  auto impl = std::make_unique<Impl>(address, options, deadline);
  greet(impl->stream, impl->parser, impl->name, options, deadline);
  return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Connection::~Connection() {
  if (::getpid() != impl_->owner) abandon();
}

void Connection::exchange(std::span<const RedisCommand* const> commands, std::span<RedisReply> replies) noexcept {
  std::size_t answered = 0;
  RedisReply failure = RedisReply::make_failure(RedisReply::Failure::connection, impl_->name + ": broken before");
  if (impl_->is_usable) {
    impl_->is_usable = false;  // until it has ended well
    failure = impl_->run(commands, replies, answered);
  }
  for (RedisReply& reply : replies.subspan(answered)) reply = failure;
  impl_->last_used = steady_clock::now();
}

bool Connection::is_usable() const noexcept { return impl_->is_usable && impl_->stream.is_quiet(); }

steady_clock::time_point Connection::last_used() const noexcept { return impl_->last_used; }

void Connection::abandon() noexcept {
  impl_->is_usable = false;
  impl_->stream.abandon();
}

}  // namespace weir
