#include "redis/exchange.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <poll.h>

#include <algorithm>

#include "weir/redis_error.h"

namespace weir {

void Exchange::run(std::string bytes, std::span<const RedisCommand* const> commands, Patience patience) {
  using std::chrono::steady_clock;
  out_ = std::move(bytes);
  commands_ = commands;
  in_.resize(kPiece);
  for (auto last_progress = steady_clock::now(); answered_ < replies_.size();) {
    events_ = 0;
    const bool has_sent = send_some();
    const bool has_received = receive_some();
    if (has_sent || has_received) {
      last_progress = steady_clock::now();
      continue;
    }
    const Deadline deadline = std::min(patience.end, last_progress + patience.without_progress);
    if (!wait_for(stream_.fd(), events_, deadline)) {
      throw RedisTimeoutError(fmt::format("no reply within {} ms", patience.without_progress.count()));
    }
  }
}

Exchange::~Exchange() { ::OPENSSL_cleanse(out_.data(), out_.size()); }  // a password may be in it

bool Exchange::ended_clean() const noexcept {
  return answered_ == replies_.size() && sent_ == out_.size() && commands_.empty() && parser_.pending() == 0;
}

bool Exchange::send_some() {
  if (!can_send_) return false;
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    while (out_.size() < kPiece && !commands_.empty()) {
      append_command(out_, commands_.front()->arguments);
      commands_ = commands_.subspan(1);
    }
    if (out_.empty()) return false;
  }
  const IoResult result = stream_.send(std::string_view(out_).substr(sent_));
  switch (result.kind) {
    case IoResult::Kind::done:
      sent_ += result.bytes;
      return true;
    case IoResult::Kind::wait_to_read:
      events_ |= POLLIN;
      return false;
    case IoResult::Kind::wait_to_write:
      events_ |= POLLOUT;
      return false;
    default:  // the server may have said why before it went: receive that first
      can_send_ = false;
      return false;
  }
}

bool Exchange::receive_some() {
  const IoResult result = stream_.receive(in_);
  switch (result.kind) {
    case IoResult::Kind::wait_to_read:
      events_ |= POLLIN;
      return false;
    case IoResult::Kind::wait_to_write:
      events_ |= POLLOUT;
      return false;
    case IoResult::Kind::done:
      break;
    default:
      throw RedisConnectionError(result.why);
  }
  parser_.feed(std::string_view(in_).substr(0, result.bytes));
  while (answered_ < replies_.size()) {
    std::optional<RedisReply> reply = parser_.next();
    if (!reply) break;
    replies_[answered_++] = std::move(*reply);
  }
  return true;
}

}  // namespace weir
