#include "redis_collect/per_process_reader_writers.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace weir {
namespace {

/// Empty where the server does not say (no right to ask).
std::string replication_id(const RedisReply& info) {
  constexpr std::string_view kField = "master_replid:";
  const std::size_t at = info.is_good() ? info.text.find(kField) : std::string::npos;
  if (at == std::string::npos) return {};
  const std::size_t begin = at + kField.size();
  return info.text.substr(begin, info.text.find_first_of("\r\n", begin) - begin);
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
    heads.push_back({.epoch = replication_id(replies[i]) + "." + replies[i + 1].text, .folds = replies[i + 2].text});
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

bool PerProcessWriters::stands() { return read_heads(nullptr, nullptr) == heads_; }

void PerProcessWriters::collected() {
  for (auto& [bucket, epoch] : epochs_) epoch.collected();
}

}  // namespace weir
