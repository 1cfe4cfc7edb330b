#include "redis_collect/per_process_reader_writers.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>

#include "redis/info_fields.h"

namespace weir {
namespace {

/// How much of its master's stream of writes the server has; of a master, its own. -1: not told.
std::int64_t offset_in(const InfoFields& info) {
  return std::max(info.number("slave_repl_offset"),
                  info.text("role") == "slave" ? -1 : info.number("master_repl_offset"));
}

std::chrono::milliseconds lease_length(const std::string& text) {
  constexpr std::chrono::milliseconds kUsual{15000};
  constexpr long kLongest = 24L * 3600 * 1000;
  long length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool is_good = error == std::errc{} && end == text.data() + text.size() && length > 0 && length <= kLongest;
  return is_good ? std::chrono::milliseconds(length) : kUsual;
}

}  // namespace

PerProcessWriters::PerProcessWriters(const RedisKeys& keys, RedisReading& reading) : keys_(keys), reading_(reading) {
  if (!reading.client().is_cluster()) {
    buckets_ = {""};
    return;
  }
  for (int i = 0; i < kClusterBuckets; ++i) buckets_.push_back(bucket_of(static_cast<long>(i)));
}

std::vector<PerProcessWriters::Head> PerProcessWriters::read_heads(std::vector<std::string>* names,
                                                                   std::vector<Problem>* problems) {
  const std::size_t each = names != nullptr ? 4 : 3;
  std::vector<RedisCommand> commands;
  for (const std::string& bucket : buckets_) {
    commands.push_back(read_command({"INFO", "replication"}, keys_.epoch(bucket)));
    commands.push_back(read_command({"GET", keys_.epoch(bucket)}));
    commands.push_back(read_command({"GET", keys_.folds(bucket)}));
    if (names != nullptr) commands.push_back(read_command({"SMEMBERS", keys_.writers(bucket)}));
  }
  std::vector<Head> heads;
  const std::vector<RedisReply> replies = reading_.ask(commands);
  for (std::size_t i = 0; i < replies.size(); i += each) {
    const InfoFields info(replies[i].is_good() ? replies[i].text : std::string_view{});  // or no right to ask
    heads.push_back({.epoch = info.text("master_replid") + "." + replies[i + 1].text,
                     .folds = replies[i + 2].text,
                     .offset = offset_in(info)});
    if (names == nullptr) continue;
    for (const RedisReply& name : replies[i + 3].elements) names->push_back(name.text);
    for (std::size_t k = i + 1; k < i + each && problems != nullptr; ++k) {
      if (replies[k].is_error()) problems->push_back(problem_of_error(commands[k].arguments[1], replies[k]));
    }
  }
  return heads;
}

void PerProcessWriters::read_claims() {
  std::vector<RedisCommand> commands;
  for (const WriterOnServer& writer : writers_) {
    commands.push_back(read_command({"HMGET", keys_.claim(writer.name), "token", "keys", "lease"}));
    commands.push_back(read_command({"GET", keys_.lease(writer.name)}));
  }
  reading_.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
    WriterOnServer& writer = writers_[i / 2];
    if (i % 2 == 1) {
      writer.lease = reply.is_error() ? std::string() : std::move(reply.text);
    } else if (reply.elements.size() == 3) {
      writer.token = std::move(reply.elements[0].text);
      writer.keys = std::move(reply.elements[1].text);
      writer.lease_length = lease_length(reply.elements[2].text);
    }
  });
}

const std::vector<WriterOnServer>& PerProcessWriters::look(ReaderEpoch::Clock::time_point now,
                                                           std::vector<Problem>& problems) {
  std::vector<std::string> names;
  heads_ = read_heads(&names, &problems);
  is_behind_ = shown_.size() == heads_.size() && !std::ranges::equal(heads_, shown_, std::not_fn(is_older));
  std::sort(names.begin(), names.end());
  writers_.clear();
  for (std::string& name : names) writers_.push_back({.name = std::move(name), .token = {}, .keys = {}, .lease = {}});
  read_claims();
  awaited_.clear();
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    std::vector<ReaderEpoch::Lease> leases;
    for (const WriterOnServer& writer : writers_) {
      if (bucket_of(std::string_view(writer.name)) == buckets_[i] || buckets_.size() == 1) {
        leases.push_back({.writer = writer.name, .names = writer.lease, .length = writer.lease_length});
      }
    }
    const std::vector<std::string> missing = epochs_[buckets_[i]].awaited(heads_[i].epoch, leases, now);
    awaited_.insert(awaited_.end(), missing.begin(), missing.end());
  }
  return writers_;
}

bool PerProcessWriters::stands() {
  std::vector<Head> now = read_heads(nullptr, nullptr);
  const auto goes_on = [](const Head& before, const Head& after) {
    return before.epoch == after.epoch && before.folds == after.folds && !is_older(after, before);
  };
  if (!std::ranges::equal(heads_, now, goes_on)) return false;
  heads_ = std::move(now);
  return true;
}

bool PerProcessWriters::is_older(const Head& a, const Head& b) {
  return a.epoch == b.epoch && a.offset >= 0 && a.offset < b.offset;
}

void PerProcessWriters::collected() {
  shown_ = heads_;
  for (auto& [bucket, epoch] : epochs_) epoch.collected();
}

}  // namespace weir
