#include "redis/cluster_redirect.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "redis/cluster_slots.h"

namespace weir {
namespace {

template <typename Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// `MOVED 3999 10.0.0.5:6381`, `ASK 3999 ::1:6381`, `MOVED 3999 :6381` (the host asked): the port follows the last
// colon.
bool parse_target(std::string_view text, const RedisAddress& asked, Verdict& verdict) {
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first + 1);
  if (first == text.npos || second == text.npos) return false;
  const std::string_view target = text.substr(second + 1);
  const std::size_t colon = target.rfind(':');
  if (colon == target.npos) return false;
  if (!parse(text.substr(first + 1, second - first - 1), verdict.slot) || verdict.slot >= kClusterSlots) return false;
  if (!parse(target.substr(colon + 1), verdict.to.port) || verdict.to.port == 0) return false;
  verdict.to.host = announced_host(target.substr(0, colon), asked);
  return true;
}

}  // namespace

Verdict judge(const RedisReply& reply, const RedisCommand& command, const RedisAddress& asked) {
  Verdict verdict;
  if (reply.is_failure()) {
    using Failure = RedisReply::Failure;
    verdict.map_is_old = reply.failure == Failure::connection || reply.failure == Failure::timeout;
    if (verdict.map_is_old && command.repeatable) verdict.step = Verdict::Step::wait;
    return verdict;
  }
  const std::string_view code = reply.error_code();
  if (code.empty()) return verdict;
  if (code == "MOVED" || code == "ASK") {
    if (!parse_target(reply.text, asked, verdict)) return {};
    verdict.map_is_old = code == "MOVED";
    verdict.step = code == "MOVED" ? Verdict::Step::moved : Verdict::Step::ask;
  } else if (code == "TRYAGAIN" || code == "LOADING") {
    verdict.step = Verdict::Step::wait;
  } else if (code == "CLUSTERDOWN" || code == "MASTERDOWN") {
    verdict.step = Verdict::Step::wait;
    verdict.map_is_old = true;
  }
  return verdict;
}

std::optional<std::chrono::milliseconds> RedirectBudget::next(bool must_wait, Time now) {
  if (++rounds_ >= kMaxRounds) return std::nullopt;
  if (!must_wait && rounds_ <= kWithoutPause) return std::chrono::milliseconds(0);
  if (now + pause_ > end_) return std::nullopt;
  const auto pause = pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
  return pause;
}

}  // namespace weir
