#include "redis_storage/live_gauges.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "redis_collect/redis_merge_scan.h"
#include "redis_storage/value_scripts.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::string_view kLiveKind = "gauge_live";
constexpr std::size_t kBatch = 100;  // keys a script: the server does nothing else meanwhile

RedisCommand repeatable(std::vector<std::string> arguments) {
  return {.arguments = std::move(arguments), .route_key = {}, .repeatable = true, .reads = false};
}

// `members` are `<kind>:<hash>`, at most kBatch.
std::size_t remove_batch(const ValueHashes& hashes, const std::string& writer, std::span<const std::string> members) {
  const RedisKeys& names = hashes.keys();
  std::vector<std::string> keys{names.lease(writer), names.claim(writer), names.index(writer)};
  for (const std::string& member : members) {
    keys.push_back(names.metric_of_member(member, writer));
    keys.push_back(names.meta_of_member(member, writer));
  }
  const RedisScript& script = value_scripts().remove_live;
  RedisCommand call = script.call(keys, members);
  call.repeatable = true;
  const std::vector<RedisReply> replies = run_scripts(*hashes.client(), script, {&call, 1});
  replies.at(0).throw_if_bad(fmt::format("remove the live gauges of writer {}", writer));
  if (replies[0].integer >= 0) return static_cast<std::size_t>(replies[0].integer);
  log_line(LogLevel::debug, fmt::format("live gauges of writer {} stay: its lease runs", writer));
  return 0;
}

// In a Cluster, of a writer without a bucket: such are Python's, which have no claim and whose keys share no slot.
std::size_t remove_one_by_one(const ValueHashes& hashes, const std::string& writer,
                              std::span<const std::string> members) {
  std::vector<RedisCommand> commands;
  for (const std::string& member : members) {
    commands.push_back(repeatable({"DEL", hashes.keys().metric_of_member(member, writer)}));
    commands.push_back(repeatable({"DEL", hashes.keys().meta_of_member(member, writer)}));
  }
  std::size_t removed = 0;
  const std::vector<RedisReply> replies = hashes.client()->pipeline(commands);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    replies[i].throw_if_bad("remove " + commands[i].arguments[1]);
    if (i % 2 == 0) removed += static_cast<std::size_t>(replies[i].integer);
  }
  return removed;
}

std::size_t remove_members(const ValueHashes& hashes, const std::string& writer, std::span<const std::string> members) {
  const bool one_by_one = hashes.client()->is_cluster() && bucket_of(writer).empty();
  std::size_t removed = 0;
  while (!members.empty()) {
    const auto batch = members.first(std::min(kBatch, members.size()));
    removed += one_by_one ? remove_one_by_one(hashes, writer, batch) : remove_batch(hashes, writer, batch);
    members = members.subspan(batch.size());
  }
  return removed;
}

std::size_t remove_by_scan(const ValueHashes& hashes, const std::string& writer) {
  const std::string& prefix = hashes.keys().prefix();
  std::vector<std::string> members;
  for (const std::string& key : scan_keys(*hashes.client(), fmt::format("{}:{}*:{}:metric:*", escape_pattern(prefix),
                                                                        kLiveKind, escape_pattern(writer)))) {
    const auto parts = parse_redis_key(prefix, key);
    if (parts && parts->writer == writer && parts->kind_text.starts_with(kLiveKind)) {
      members.push_back(fmt::format("{}:{}", parts->kind_text, parts->hash));
    }
  }
  return remove_members(hashes, writer, members);
}

std::vector<RedisReply> ask_all(RedisClientProtocol& client, const std::vector<RedisCommand>& commands) {
  std::vector<RedisReply> replies = client.pipeline(commands);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    replies[i].throw_if_bad(fmt::format("{} {}", commands[i].arguments[0], commands[i].arguments[1]));
  }
  return replies;
}

std::vector<std::string> dead_writers(const ValueHashes& hashes) {
  RedisClientProtocol& client = *hashes.client();
  std::vector<RedisCommand> sets;
  if (!client.is_cluster()) sets.push_back(repeatable({"SMEMBERS", hashes.keys().writers("")}));
  for (int i = 0; client.is_cluster() && i < kClusterBuckets; ++i) {
    sets.push_back(repeatable({"SMEMBERS", hashes.keys().writers(bucket_of(static_cast<long>(i)))}));
  }
  std::vector<std::string> writers;
  for (const RedisReply& set : ask_all(client, sets)) {
    for (const RedisReply& writer : set.elements) writers.push_back(writer.text);
  }
  std::vector<RedisCommand> leases;
  leases.reserve(writers.size());
  for (const std::string& writer : writers) leases.push_back(repeatable({"EXISTS", hashes.keys().lease(writer)}));
  const std::vector<RedisReply> held = ask_all(client, leases);
  std::vector<std::string> dead;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    if (held.at(i).integer == 0) dead.push_back(writers[i]);
  }
  return dead;
}

}  // namespace

std::size_t remove_live_gauges(const ValueHashes& hashes, long pid) {
  if (pid < 1) throw ValueError(fmt::format("clean up after process {}: a pid is at least 1", pid));
  const std::string writer = hashes.writer_of(pid);
  std::size_t removed = remove_by_scan(hashes, writer);
  if (!bucket_of(writer).empty()) removed += remove_by_scan(hashes, std::to_string(pid));
  return removed;
}

std::size_t remove_live_gauges_of_the_dead(const ValueHashes& hashes) {
  const std::vector<std::string> dead = dead_writers(hashes);
  std::vector<RedisCommand> indexes;
  indexes.reserve(dead.size());
  for (const std::string& writer : dead) indexes.push_back(repeatable({"SMEMBERS", hashes.keys().index(writer)}));
  const std::vector<RedisReply> replies = ask_all(*hashes.client(), indexes);
  std::size_t removed = 0;
  for (std::size_t i = 0; i < dead.size(); ++i) {
    std::vector<std::string> members;
    for (const RedisReply& member : replies.at(i).elements) {
      if (member.text.starts_with(kLiveKind)) members.push_back(member.text);
    }
    removed += remove_members(hashes, dead[i], members);
  }
  return removed;
}

}  // namespace weir
