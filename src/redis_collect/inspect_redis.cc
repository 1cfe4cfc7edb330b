#include "redis_collect/inspect_redis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "model/printable.h"
#include "redis/info_fields.h"
#include "redis_collect/inspect_redis_rights.h"
#include "redis_collect/redis_merge_scan.h"
#include "redis_layout/shared_keys.h"

namespace weir {
namespace {

constexpr int kPings = 5;
constexpr double kClockTolerance = 1;  // seconds

class Inspection {
 public:
  Inspection(RedisClient& client, const InspectRedisOptions& options)
      : client_(client), options_(options), keys_(options.key_prefix), reading_(client) {}

  RedisInspection run() {
    ping();
    look_at_servers();
    look_at_clock();
    look_at_rights();
    look_at_claims();
    look_at_keys();
    look_for_shared_layout();
    return std::move(found_);
  }

 private:
  void fault(std::string reason, std::string subject, std::string message) {
    found_.faults.push_back({std::move(reason), std::move(subject), std::move(message)});
  }

  void ping() {
    std::vector<double> seconds;
    for (int i = 0; i < kPings; ++i) {
      const auto began = std::chrono::steady_clock::now();
      client_.ping();
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
      if (i == 0) seconds.pop_back();  // it made the connection
    }
    std::sort(seconds.begin(), seconds.end());
    found_.ping_median = seconds[seconds.size() / 2];
    found_.ping_longest = seconds.back();
  }

  void look_at_servers() {
    for (const RedisReply& reply : client_.on_every_master(read_command({"INFO"}))) {
      if (reply.is_failure()) reply.throw_if_bad("INFO at " + client_.describe());
      if (reply.is_error()) {
        found_.notes.push_back(
            fmt::format("INFO is refused ({}), so memory and persistence are not known", reply.text));
        continue;
      }
      look_at_server(InfoFields(reply.text));
    }
    for (const RedisReply& reply : client_.on_every_master(read_command({"DBSIZE"}))) {
      if (reply.is_good()) found_.database_keys += reply.integer;
    }
  }

  void look_at_server(const InfoFields& info) {
    InspectedRedisServer server{.version = info.text("redis_version"),
                                .role = info.text("role"),
                                .uptime = info.number("uptime_in_seconds"),
                                .used_memory = info.number("used_memory"),
                                .max_memory = info.number("maxmemory"),
                                .policy = info.text("maxmemory_policy"),
                                .appends = info.text("aof_enabled") == "1",
                                .evicted = std::max<std::int64_t>(0, info.number("evicted_keys"))};
    const std::string name = client_.describe();
    if (server.max_memory > 0 && server.policy != "noeviction") {
      fault("eviction", name,
            fmt::format("maxmemory-policy is {} with maxmemory {}: Redis may delete values when memory runs out, and "
                        "counters fall; it must be noeviction",
                        server.policy, server.max_memory));
    }
    if (server.max_memory > 0 && server.used_memory >= server.max_memory) {
      fault("out_of_memory", name,
            fmt::format("{} of {} bytes of maxmemory are used: writes are refused", server.used_memory,
                        server.max_memory));
    }
    if (server.evicted > 0) {
      fault("evicted", name,
            fmt::format("{} keys were evicted since the server started; what they counted is lost", server.evicted));
    }
    for (const char* status : {"rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"}) {
      const std::string value = info.text(status);
      if (!value.empty() && value != "ok") {
        fault("persistence", name, fmt::format("{} is {}: the server cannot write its data to disk", status, value));
      }
    }
    if (server.role == "slave") {
      found_.notes.push_back(fmt::format("this is a replica of {}:{}: it can be read, but processes write to a master",
                                         info.text("master_host"), info.text("master_port")));
    }
    if (!server.appends) {
      found_.notes.push_back(
          "no append-only file is kept: after a crash of the server the values of processes that have ended are those "
          "of "
          "its last snapshot, if it makes any");
    }
    found_.servers.push_back(std::move(server));
  }

  void look_at_clock() {
    using Clock = std::chrono::system_clock;
    const auto host = [] { return std::chrono::duration<double>(Clock::now().time_since_epoch()).count(); };
    const double before = host();
    server_time_ = read_server_time(reading_, keys_);
    if (server_time_ == 0) return;
    found_.clock_ahead = server_time_ - (before + host()) / 2;
    if (std::abs(found_.clock_ahead) <= kClockTolerance) return;
    found_.notes.push_back(
        fmt::format("the server's clock is {:.1f} s {} this host's: mostrecent gauges of hosts whose "
                    "clocks differ may show an older value",
                    std::abs(found_.clock_ahead), found_.clock_ahead > 0 ? "ahead of" : "behind"));
  }

  void look_at_rights() {
    const RedisRights rights = ask_rights(client_, options_.key_prefix);
    found_.user = rights.user;
    found_.knows_rights = rights.are_known;
    found_.rights_missing_for_reading = rights.missing_for_reading;
    found_.rights_missing_for_writing = rights.missing_for_writing;
    found_.rights_missing_for_folding = rights.missing_for_folding;
    if (!rights.missing_for_reading.empty()) {
      fault("no_permission", rights.user,
            fmt::format("user {} may not run {} on keys of {}: readers need them", rights.user,
                        fmt::join(rights.missing_for_reading, ", "), options_.key_prefix));
    }
    if (!rights.missing_for_writing.empty()) {
      found_.notes.push_back(
          fmt::format("user {} may not run {}: good for a reader, but processes that count need them", rights.user,
                      fmt::join(rights.missing_for_writing, ", ")));
    }
    if (!rights.missing_for_folding.empty()) {
      found_.notes.push_back(
          fmt::format("user {} may not run {}: good for who counts or reads, but `weir fold` and `weir serve --fold "
                      "weir` need them "
                      "besides what processes that count need",
                      rights.user, fmt::join(rights.missing_for_folding, ", ")));
    }
  }

  void look_at_claims() {
    found_.claims = read_claims(reading_, keys_);
    std::map<std::string, std::string> epochs;  // by bucket: `<master_replid>.<epoch>`; empty: none
    for (const std::string& bucket : buckets_of(client_)) epochs[bucket] = epoch_of(bucket);
    for (const ClaimOnServer& claim : found_.claims) {
      const std::string_view bucket = bucket_of(std::string_view(claim.writer));
      const std::string& epoch = epochs[client_.is_cluster() ? std::string(bucket) : std::string()];
      look_at_claim(claim, epoch);
      writers_.push_back(claim.writer);
    }
  }

  std::string epoch_of(const std::string& bucket) {
    const RedisCommand commands[] = {read_command({"INFO", "replication"}, keys_.epoch(bucket)),
                                     read_command({"GET", keys_.epoch(bucket)})};
    const std::vector<RedisReply> replies = reading_.ask(commands);
    if (replies[1].text.empty()) return {};
    return (replies[0].is_good() ? InfoFields(replies[0].text).text("master_replid") : "") + "." + replies[1].text;
  }

  void look_at_claim(const ClaimOnServer& claim, const std::string& epoch) {
    const std::string name = printable(claim.writer);
    if (!claim.is_there) {
      fault("no_claim", claim.writer,
            fmt::format("writer {} is in the set of writers, but its claim is gone: somebody deleted "
                        "keys; a process that lives makes it again",
                        name));
      return;
    }
    if (claim.indexed < claim.keys) {
      fault(
          "no_index", claim.writer,
          fmt::format("the claim of writer {} speaks of {} keys, but its index names {}: keys were deleted or evicted",
                      name, claim.keys, claim.indexed));
    }
    if (epoch.empty()) {
      fault("no_epoch", claim.writer,
            fmt::format("writer {} has a claim, but there is no key {}: it was deleted", name,
                        keys_.epoch(bucket_of(std::string_view(claim.writer)))));
    }
    if (claim.refused > 0) {
      found_.notes.push_back(
          fmt::format("writer {}: Redis refused values {} times; its log names the keys", name, claim.refused));
    }
    if (!claim.is_live()) return;
    ++found_.live;
    if (claim.lease == epoch) {
      ++found_.live_with_epoch;
    } else if (!epoch.empty()) {
      fault(
          "other_epoch", claim.writer,
          fmt::format("writer {} lives, but has not shipped all its values since the server failed over, restarted or "
                      "was emptied: scrapes are refused until it has, at most one lease time",
                      name));
    }
  }

  void look_at_keys() {
    const RedisKeys& keys = keys_;
    const std::string claims = keys.claim("");
    for (const std::string& key : client_.scan_keys(escape_pattern(options_.key_prefix) + ":*")) {
      if (key.starts_with(claims)) {
        const std::string writer = key.substr(claims.size());
        if (std::binary_search(writers_.begin(), writers_.end(), writer)) continue;
        fault(
            "lost_claim", key,
            fmt::format("claim {} is not in the set of writers, so its values are read as a foreign program's; the set "
                        "was deleted or changed",
                        printable(key)));
      } else if (const auto parts = parse_redis_key(options_.key_prefix, key); parts && !parts->is_meta) {
        ++found_.keys_by_kind[std::string(parts->kind_text)];
      }
    }
  }

  void look_for_shared_layout() {
    std::vector<RedisCommand> commands;
    commands.reserve(options_.shared_prefixes.size());
    for (const std::string& prefix : options_.shared_prefixes) {
      commands.push_back(read_command({"HLEN", SharedKeys(prefix).metadata()}));
    }
    for (const RedisReply& reply : reading_.ask(commands)) {
      if (reply.is_good()) found_.shared_metrics += static_cast<std::size_t>(reply.integer);
    }
  }

  RedisClient& client_;
  const InspectRedisOptions& options_;
  const RedisKeys keys_;
  RedisReading reading_;
  RedisInspection found_;
  std::vector<std::string> writers_;  // sorted
  double server_time_ = 0;
};

}  // namespace

RedisInspection inspect_redis(RedisClient& client, const InspectRedisOptions& options) {
  return Inspection(client, options).run();
}

}  // namespace weir
