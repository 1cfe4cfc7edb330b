// What to do about a reply of a Cluster's node, and for how long: decisions without sockets or clocks.
//
//   Verdict verdict = judge(reply, command, asked);
//   if (verdict.step == Verdict::Step::ask) …                         // ASKING and the command, at verdict.to
//   std::optional<std::chrono::milliseconds> pause = budget.next(must_wait, now);
//
// A command answered MOVED, ASK, TRYAGAIN, CLUSTERDOWN, MASTERDOWN or LOADING was not executed, so it is sent again
// even when it is not repeatable. One that got no answer may have been: it is sent again only if it is.
//
// Thread safety: values and pure functions.
// Source: https://redis.io/docs/reference/cluster-spec/#redirection-and-resharding
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "weir/redis_client.h"

namespace weir {

struct Verdict {
  enum class Step : std::uint8_t {
    keep,   ///< the reply stands
    moved,  ///< send it to `to`, which serves `slot` from now on
    ask,    ///< send ASKING and it to `to`, this once
    wait,   ///< send it again after a pause, to the node the map names then
  };
  Step step = Step::keep;
  bool map_is_old = false;  ///< the slot map is to be fetched anew
  std::uint16_t slot = 0;
  RedisAddress to;
};

/// `asked` gave `reply` to `command`. A redirection that cannot be read is kept as it is.
Verdict judge(const RedisReply& reply, const RedisCommand& command, const RedisAddress& asked);

/// How often and for how long one pipeline sends commands again.
class RedirectBudget {
 public:
  static constexpr int kMaxRounds = 64;
  static constexpr int kWithoutPause = 5;  ///< redirections followed at once; more than that is a Cluster in motion
  static constexpr std::chrono::milliseconds kFirstPause{5};
  static constexpr std::chrono::milliseconds kLongestPause{200};
  using Time = std::chrono::steady_clock::time_point;

  /// Pauses end `limit` after `start`.
  RedirectBudget(Time start, std::chrono::milliseconds limit) : end_(start + limit) {}
  /// How long to wait before the next round; nothing when there is to be none. `must_wait`: some commands were told to
  /// come again later, and none elsewhere.
  std::optional<std::chrono::milliseconds> next(bool must_wait, Time now);
  int rounds() const noexcept { return rounds_; }

 private:
  Time end_;
  int rounds_ = 0;
  std::chrono::milliseconds pause_ = kFirstPause;
};

}  // namespace weir
