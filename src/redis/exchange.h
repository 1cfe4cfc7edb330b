// One pipeline on its way over a stream: sends and receives at once until every reply is there.
//
//   Exchange exchange(stream, parser, replies);
//   exchange.run(bytes, commands, patience);         // throws Redis…Error; answered() says how far it came
//
// Commands are put into bytes a piece at a time, so a pipeline costs no second copy of itself.
//
// Thread safety: one thread, once.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include "redis/resp.h"
#include "redis/stream.h"
#include "weir/redis_client.h"

namespace weir {

struct Patience {
  std::chrono::milliseconds without_progress;  ///< since the last byte that came or went
  Deadline end = Deadline::max();              ///< of the whole
};

class Exchange {
 public:
  Exchange(Stream& stream, RespParser& parser, std::span<RedisReply> replies)
      : stream_(stream), parser_(parser), replies_(replies) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Sends `bytes`, then `commands`; both are answered by `replies`. Throws RedisConnectionError, RedisTimeoutError,
  /// RedisProtocolError, saying the cause alone.
  void run(std::string bytes, std::span<const RedisCommand* const> commands, Patience patience);
  /// How many of the replies came.
  std::size_t answered() const noexcept { return answered_; }
  /// True when all was sent, and no byte came that is part of no reply.
  bool ended_clean() const noexcept;

 private:
  static constexpr std::size_t kPiece = std::size_t{64} << 10;
  bool send_some();
  bool receive_some();

  Stream& stream_;
  RespParser& parser_;
  std::span<RedisReply> replies_;
  std::size_t answered_ = 0;
  std::span<const RedisCommand* const> commands_;  // not yet in out_
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  bool can_send_ = true;  // false after a failure: replies, or the reason, may still be under way
  short events_ = 0;      // to wait for
  std::string in_;
};

}  // namespace weir
