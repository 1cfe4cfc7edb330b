#include "redis/resp.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/printable.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

constexpr std::size_t kLongestNumber = 32;                     // a line that should hold a number
constexpr std::size_t kKeptWhenEmpty = std::size_t{64} << 10;  // more than this is given back once all is taken

[[noreturn]] void refuse(std::string_view expected, std::string_view found) {
  throw RedisProtocolError(fmt::format("Redis reply: {} expected, found {}", expected, printable(found.substr(0, 40))));
}

void append_bulk(std::string& out, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "${}\r\n", text.size());
  out += text;
  out += "\r\n";
}

std::int64_t parse_number(std::string_view line, std::string_view expected) {
  std::string_view digits = line;
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc() || end != digits.data() + digits.size()) refuse(expected, line);
  return number;
}

/// -1 (nil) to `most`.
std::int64_t parse_length(std::string_view line, std::size_t most, std::string_view of_what) {
  const std::int64_t length = parse_number(line, of_what);
  if (length < -1) refuse(of_what, line);
  if (length > static_cast<std::int64_t>(most)) {
    throw RedisProtocolError(fmt::format("Redis reply: {} {} is over the limit of {}", of_what, length, most));
  }
  return length;
}

}  // namespace

void append_command(std::string& out, std::span<const std::string> arguments) {
  fmt::format_to(std::back_inserter(out), "*{}\r\n", arguments.size());
  for (const std::string& argument : arguments) append_bulk(out, argument);
}

void RespParser::feed(std::string_view bytes) {
  if (at_ == buffer_.size()) {
    if (buffer_.capacity() > kKeptWhenEmpty) std::string().swap(buffer_);
    buffer_.clear();
    at_ = 0;
  } else if (at_ > buffer_.size() / 2) {  // moves fewer bytes than were taken since the last time: linear in all
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_ += bytes;
}

std::size_t RespParser::pending() const noexcept { return buffer_.size() - at_; }

std::optional<RedisReply> RespParser::next() {
  for (;;) {
    RedisReply reply;
    std::size_t elements = 0;
    if (!take(reply, elements)) return std::nullopt;
    if (elements > 0) {
      // No more room ahead than the bytes at hand can fill: an element has at least three.
      reply.elements.reserve(std::min(elements, pending() / 3));
      open_.push_back({std::move(reply), elements});
      continue;
    }
    while (!open_.empty()) {
      Open& parent = open_.back();
      parent.array.elements.push_back(std::move(reply));
      if (--parent.missing > 0) break;
      reply = std::move(parent.array);
      open_.pop_back();
    }
    if (open_.empty()) return reply;
  }
}

bool RespParser::take(RedisReply& reply, std::size_t& elements) {
  if (pending() == 0) return false;
  const char type = buffer_[at_];
  const bool is_number = type == ':' || type == '$' || type == '*';
  if (!is_number && type != '+' && type != '-') refuse("one of + - : $ *", std::string_view(buffer_).substr(at_));
  const std::optional<std::string_view> line = find_line(is_number ? kLongestNumber : kMaxBulk);
  if (!line) return false;
  switch (type) {
    case '$':
      return take_bulk(reply, *line);
    case '*':
      reply.kind = RedisReply::Kind::array;
      elements = take_array_head(reply, *line);
      break;
    case ':':
      reply.kind = RedisReply::Kind::integer;
      reply.integer = parse_number(*line, "an integer");
      break;
    default:
      reply.kind = type == '+' ? RedisReply::Kind::status : RedisReply::Kind::error;
      reply.text = *line;
  }
  move_on(line->size() + 3);
  return true;
}

std::optional<std::string_view> RespParser::find_line(std::size_t longest) {
  const std::size_t end = buffer_.find("\r\n", at_ + std::max<std::size_t>(searched_, 1));
  const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - at_ - 1;
  const bool is_whole = end != std::string::npos;
  if (length > longest + (is_whole ? 0 : 1)) {  // without an end, the last byte may be its carriage return
    refuse("a line end", std::string_view(buffer_).substr(at_, length));
  }
  if (!is_whole) {
    searched_ = pending() - 1;  // the last byte may be the carriage return
    return std::nullopt;
  }
  searched_ = end - at_;  // asked again while the bulk string behind this line arrives
  return std::string_view(buffer_).substr(at_ + 1, length);
}

bool RespParser::take_bulk(RedisReply& reply, std::string_view line) {
  const std::int64_t length = parse_length(line, kMaxBulk, "bulk string length");
  const std::size_t head = line.size() + 3;
  if (length < 0) {
    move_on(head);
    return true;  // nil
  }
  const std::size_t body = static_cast<std::size_t>(length);
  if (pending() < head + body + 2) return false;
  const std::string_view text = std::string_view(buffer_).substr(at_ + head, body);
  const std::string_view end = std::string_view(buffer_).substr(at_ + head + body, 2);
  if (end != "\r\n") refuse("the end of a bulk string", end);
  reply.kind = RedisReply::Kind::text;
  reply.text = text;
  move_on(head + body + 2);
  return true;
}

std::size_t RespParser::take_array_head(RedisReply& reply, std::string_view line) const {
  const std::int64_t length = parse_length(line, kMaxElements, "array length");
  if (length < 0) {
    reply.kind = RedisReply::Kind::nil;
    return 0;
  }
  if (open_.size() >= kMaxDepth) {
    throw RedisProtocolError(fmt::format("Redis reply: arrays nested deeper than {}", kMaxDepth));
  }
  return static_cast<std::size_t>(length);
}

void RespParser::move_on(std::size_t bytes) noexcept {
  at_ += bytes;
  searched_ = 0;
}

}  // namespace weir
