#include "weir/redis_fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "collect/merged_entry.h"
#include "format/number.h"
#include "redis/info_fields.h"
#include "redis_collect/claims_on_server.h"
#include "redis_fold/dead_writers.h"
#include "redis_fold/fold_script.h"
#include "redis_layout/redis_keys.h"
#include "weir/error.h"

namespace weir {
namespace {

/// Looks again when another folder was faster, or the writer came back.
constexpr int kAttempts = 4;
/// From a double's first bit to the last a program counts.
constexpr std::size_t kMostParts = 8;
constexpr int kLeasesOfCalm = 3;
constexpr const char* kNeverMeant = "86400";  // s: for gauges of `all` that nobody gave a time

std::string_view kind_of(std::string_view member) { return member.substr(0, member.rfind(':')); }
std::string_view hash_of_member(std::string_view member) { return member.substr(member.rfind(':') + 1); }

std::string number_text(double value) { return fmt::format("{:.17g}", value); }

std::string retired_name(std::string_view bucket, std::size_t part) {
  return part == 0 ? fmt::format("{}{}", bucket, kRetiredWriter) : fmt::format("{}{}.{}", bucket, kRetiredWriter, part);
}

/// A value as it stands; nothing where there is none, or no number.
std::optional<CellPair> pair_of(const RedisReply& reply) {
  if (reply.elements.size() < 2 || reply.elements[0].is_nil()) return std::nullopt;
  try {
    CellPair pair;
    pair.value = parse_number(reply.elements[0].text);
    if (!reply.elements[1].text.empty()) pair.timestamp = parse_number(reply.elements[1].text);
    return pair;
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

}  // namespace

struct RedisFold::Impl {
  Impl(std::shared_ptr<RedisClient> one, RedisFoldOptions with)
      : client(std::move(one)),
        options(std::move(with)),
        keys(checked_key_prefix(options.key_prefix, "key_prefix")),
        reading(*client) {}

  FoldReport fold() {
    FoldReport report;
    const WritersOnServer writers = read_writers(reading, keys);
    report.live = writers.live;
    report.left = writers.waiting;
    calm_in = look_for_calm(writers.longest_lease);
    if (calm_in.count() > 0) {
      report.left += writers.dead.size();
      return report;
    }
    for (const DeadWriter& writer : writers.dead) fold_writer(writer, report);
    tend_retired(writers.live > 0);
    return report;
  }

  std::chrono::milliseconds look_for_calm(std::chrono::milliseconds lease) {
    const auto now = CalmWatch::Clock::now();
    std::size_t node = 0;
    for (const RedisReply& reply : client->on_every_master({{"INFO"}, {}, true, false})) {
      reply.throw_if_bad("asking how long the server has been up");
      const InfoFields info(reply.text);
      const auto uptime = std::chrono::seconds(std::max<std::int64_t>(0, info.number("uptime_in_seconds")));
      const bool was_promoted = info.number("second_repl_offset") >= 0;
      calm.look(std::to_string(node++), info.text("master_replid"), uptime, was_promoted, now);
    }
    return calm.remaining(kLeasesOfCalm * lease, now);
  }

  void fold_writer(const DeadWriter& met, FoldReport& report) {
    DeadWriter writer = met;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      std::vector<Problem> problems;  // of a try that came to nothing they say nothing
      const std::size_t values = try_to_fold(writer, problems);
      if (values != kChanged) report.problems.insert(report.problems.end(), problems.begin(), problems.end());
      if (values == kRefused) break;
      if (values != kChanged) {
        ++report.sources;
        report.entries += values;
        return;
      }
      const RedisReply claim = client->command({{"HMGET", keys.claim(writer.name), "token", "seq"}, {}, true, false});
      const bool is_same = claim.elements.size() == 2 && claim.elements[0].text == writer.token &&
                           claim.elements[1].text == writer.sequence;
      if (!is_same) break;  // it lives, or somebody folded it
    }
    ++report.left;
  }

  static constexpr std::size_t kChanged = static_cast<std::size_t>(-1);
  static constexpr std::size_t kRefused = static_cast<std::size_t>(-2);

  /// How many values were folded, or kChanged, or kRefused (then `problems` says why).
  std::size_t try_to_fold(const DeadWriter& writer, std::vector<Problem>& problems) {
    const std::string_view bucket = bucket_of(std::string_view(writer.name));
    FoldCall call;
    call.folds = keys.folds(bucket);
    call.folds_before = client->command({{"GET", call.folds}, call.folds, true, false}).text;
    call.claim = keys.claim(writer.name);
    call.lease = keys.lease(writer.name);
    call.index = keys.index(writer.name);
    call.tomb = keys.tomb(writer.name);
    call.writers = keys.writers(bucket);
    call.token = writer.token;
    call.sequence = writer.sequence;
    call.writer = writer.name;
    call.keep_s = options.keep_all.count() > 0 ? std::to_string(options.keep_all.count()) : kNeverMeant;
    std::vector<std::string> sums;
    spoiled.clear();
    sort_members(writer, call, sums);
    const std::size_t folded = merge_into(writer, bucket, sums, call, problems);
    if (!spoiled.empty()) {  // a folded total: what is no number is not to be written over
      problems = {
          {"not_folded", spoiled,
           fmt::format("{} holds no number; writer {} is not folded until it does, or is gone", spoiled, writer.name)}};
      return kRefused;
    }
    const RedisCommand command = call.command();
    const RedisReply reply = run_scripts(*client, fold_script(), {&command, 1}).front();
    reply.throw_if_bad("folding writer " + writer.name);
    const std::string_view word = reply.elements.empty() ? std::string_view{} : reply.elements.front().text;
    if (word == "REFUSED" && reply.elements.size() == 3) {
      problems = {{"not_folded", reply.elements[1].text,
                   fmt::format("{}: {}; writer {} is not folded until it is gone", reply.elements[1].text,
                               reply.elements[2].text, writer.name)}};
      return kRefused;
    }
    return word == "OK" ? folded : kChanged;
  }

  /// Of the writer's members, those that are folded; the others are dropped or kept by `call`.
  void sort_members(const DeadWriter& writer, FoldCall& call, std::vector<std::string>& sums) {
    for (RedisReply& reply : client->command({{"SMEMBERS", call.index}, {}, true, false}).elements) {
      const std::string& member = reply.text;
      const std::optional<FileKind> kind = parse_file_kind(kind_of(member));
      const std::string metric = keys.metric_of_member(member, writer.name);
      const std::string meta = keys.meta_of_member(member, writer.name);
      const bool is_gauge = kind && kind->type == MetricType::gauge;
      if (is_gauge && kind->mode == GaugeMode::all) {
        call.keeps.insert(call.keeps.end(), {metric, meta});
        continue;
      }
      call.drops.insert(call.drops.end(), {metric, meta});
      if (kind && !(is_gauge && is_live(kind->mode))) sums.push_back(std::move(reply.text));
    }
  }

  /// Adds to `call` the retired writers' new values: theirs and this writer's, exactly.
  std::size_t merge_into(const DeadWriter& writer, std::string_view bucket, const std::vector<std::string>& members,
                         FoldCall& call, std::vector<Problem>& problems) {
    std::vector<std::string> known;  // retired writers there are
    for (std::size_t part = 0; part < kMostParts; ++part) {
      const std::string name = retired_name(bucket, part);
      if (client->command({{"EXISTS", keys.claim(name)}, {}, true, false}).integer == 0) break;
      known.push_back(name);
    }
    const std::size_t each = 2 + known.size();
    std::vector<RedisCommand> commands;
    for (const std::string& member : members) {
      commands.push_back(
          {{"HMGET", keys.metric_of_member(member, writer.name), "value", "timestamp", "owner"}, {}, true, false});
      commands.push_back({{"HGET", keys.meta_of_member(member, writer.name), "original_key"}, {}, true, false});
      for (const std::string& name : known) {
        commands.push_back({{"HMGET", keys.metric_of_member(member, name), "value", "timestamp"}, {}, true, false});
      }
    }
    std::vector<RedisReply> row;
    std::size_t most_parts = 0;
    std::size_t folded = 0;
    reading.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
      row.push_back(std::move(reply));
      if (row.size() < each) return;
      folded += take_member(members[i / each], writer, bucket, row, most_parts, call, problems) ? 1 : 0;
      row.clear();
    });
    for (std::size_t part = 0; part < std::max(most_parts, known.size()); ++part) {
      const std::string name = retired_name(bucket, part);
      call.retired.push_back({name, keys.claim(name), keys.index(name)});
    }
    return folded;
  }

  bool take_member(const std::string& member, const DeadWriter& writer, std::string_view bucket,
                   const std::vector<RedisReply>& row, std::size_t& most_parts, FoldCall& call,
                   std::vector<Problem>& problems) {
    const std::optional<CellPair> own = pair_of(row[0]);
    const std::string& json = row[1].text;
    if (!own || json.empty() || row[0].elements.size() < 3 || row[0].elements[2].text != writer.token) {
      problems.push_back({"not_folded", keys.metric_of_member(member, writer.name),
                          fmt::format("{} has no value of its writer, or no metadata; it is not folded",
                                      keys.metric_of_member(member, writer.name))});
      leave(member, writer, call);
      return false;
    }
    const FileKind kind = *parse_file_kind(kind_of(member));
    const MergeRule rule = merge_rule(kind.type, kind.mode);
    MergedEntry merged;
    std::size_t had = 0;
    for (std::size_t part = 2; part < row.size(); ++part) {
      if (const std::optional<CellPair> pair = pair_of(row[part])) {
        merged.take(rule, *pair);
        had = part - 1;
      } else if (!row[part].elements.empty() && !row[part].elements[0].is_nil()) {
        spoiled = keys.metric_of_member(member, retired_name(bucket, part - 2));
      }
    }
    merged.take(rule, *own);
    FileEntry entry;
    merged.give(rule, kMostParts - 1, entry);
    entry.rest.insert(entry.rest.begin(), entry.value);
    while (entry.rest.size() < had) entry.rest.push_back(0);  // parts no longer needed
    for (std::size_t part = 0; part < entry.rest.size(); ++part) {
      const std::string name = retired_name(bucket, part);
      call.puts.push_back({.metric = keys.metric_of_member(member, name),
                           .meta = keys.meta_of_member(member, name),
                           .value = number_text(entry.rest[part]),
                           .timestamp = number_text(entry.timestamp),
                           .original_key = json,
                           .typ = std::string(to_string(kind.type)),
                           .mode = kind.type == MetricType::gauge ? std::string(to_string(kind.mode)) : "",
                           .retired = part,
                           .member = member});
    }
    most_parts = std::max(most_parts, entry.rest.size());
    if (!writer.said_goodbye && rule == MergeRule::sum) call.tombs.emplace_back(member, number_text(own->value));
    return true;
  }

  /// What is somebody else's stays where it is.
  void leave(const std::string& member, const DeadWriter& writer, FoldCall& call) const {
    std::erase(call.drops, keys.metric_of_member(member, writer.name));
    std::erase(call.drops, keys.meta_of_member(member, writer.name));
  }

  /// Folded totals stay while anybody of the deployment lives, and then expire.
  void tend_retired(bool anybody_lives) {
    for (const std::string& bucket : buckets_of(*client)) {
      for (std::size_t part = 0; part < kMostParts; ++part) {
        const std::string name = retired_name(bucket, part);
        const std::string index = keys.index(name);
        const std::int64_t life = client->command({{"TTL", index}, {}, true, false}).integer;
        if (life == -2) break;
        if (anybody_lives == (life == -1)) continue;
        std::vector<std::string> all{keys.claim(name), index};
        const RedisCommand members{{"SMEMBERS", index}, {}, true, false};
        const std::vector<RedisReply> met = reading.ask({&members, 1});
        for (const RedisReply& member : met.front().elements) {  // none where it is of another type
          all.push_back(keys.metric_of_member(member.text, name));
          all.push_back(keys.meta_of_member(member.text, name));
        }
        std::vector<RedisCommand> commands;
        for (std::string& key : all) {
          if (anybody_lives) {
            commands.push_back({{"PERSIST", std::move(key)}, {}, true, false});
          } else {
            commands.push_back(
                {{"EXPIRE", std::move(key), std::to_string(options.keep_retired.count())}, {}, true, false});
          }
        }
        reading.ask_each(commands, [](std::size_t, const RedisReply&) {});
      }
    }
  }

  const std::shared_ptr<RedisClient> client;
  const RedisFoldOptions options;
  const RedisKeys keys;
  RedisReading reading;
  CalmWatch calm;
  std::chrono::milliseconds calm_in{0};
  std::string spoiled;  // a retired key met whose value is no number
};

RedisFold::RedisFold(std::shared_ptr<RedisClient> client, RedisFoldOptions options)
    : impl_(std::make_unique<Impl>(std::move(client), std::move(options))) {}
RedisFold::~RedisFold() = default;
FoldReport RedisFold::fold() { return impl_->fold(); }
std::chrono::milliseconds RedisFold::calm_in() const { return impl_->calm_in; }

}  // namespace weir
