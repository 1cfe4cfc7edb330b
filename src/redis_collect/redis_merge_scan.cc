#include "redis_collect/redis_merge_scan.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {
namespace {

std::vector<std::int64_t> database_sizes(RedisReading& reading) {
  std::vector<std::int64_t> sizes;
  for (const RedisReply& reply : reading.client().on_every_master(read_command({"DBSIZE"}))) {
    if (reply.is_failure()) reply.throw_if_bad("DBSIZE at " + reading.client().describe());
    sizes.push_back(reply.integer);
  }
  reading.count(sizes.size());
  return sizes;
}

}  // namespace

bool KeyScan::refresh(RedisReading& reading, std::vector<Problem>& problems) {
  problems.insert(problems.end(), refused_.begin(), refused_.end());
  const Clock::time_point begin = Clock::now();
  if (has_scanned_ && begin < next_) return false;
  std::vector<std::int64_t> size = database_sizes(reading);
  if (has_scanned_ && size == size_) return false;
  constexpr std::size_t kKeysACall = 1000;
  std::int64_t total = 0;
  for (const std::int64_t keys : size) total += keys;
  reading.count(static_cast<std::uint64_t>(total) / kKeysACall + size.size());
  refused_.clear();
  try {
    keys_ = reading.client().scan_keys(pattern_, kKeysACall);
  } catch (const RedisReplyError& error) {
    keys_.clear();
    refused_.push_back({.reason = "redis_error",
                        .subject = pattern_,
                        .message = fmt::format("cannot look for keys {}: {}", pattern_, error.what())});
    problems.push_back(refused_.back());
  }
  std::sort(keys_.begin(), keys_.end());
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  size_ = std::move(size);
  has_scanned_ = true;
  const Clock::time_point end = Clock::now();
  next_ = end + std::max<Clock::duration>(kShortest, kRest * (end - begin));
  return true;
}

std::string escape_pattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '^' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace weir
