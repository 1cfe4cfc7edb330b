#include "weir/redis_fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "format/number.h"
#include "redis/info_fields.h"
#include "redis_collect/claims_on_server.h"
#include "redis_fold/dead_writers.h"
#include "redis_fold/fold_plan.h"
#include "redis_fold/fold_script.h"
#include "redis_layout/random_text.h"
#include "redis_layout/redis_keys.h"
#include "weir/error.h"

namespace weir {
namespace {

/// Looks again when another folder was faster, or the writer came back.
constexpr int kAttempts = 4;
constexpr int kLeasesOfCalm = 3;
constexpr const char* kKeptWithoutLimit = "86400";  // s: for gauges of `all` that nobody gave a time
constexpr const char* kStagedLife = "3600";  // s: for a tombstone whose folder was killed before it was in its place

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

RedisCommand asked(std::vector<std::string> arguments) { return {std::move(arguments), {}, true, false}; }

enum class Outcome : std::uint8_t {
  done,
  under_way,  ///< a large writer: more of it is left for the next fold
  changed,    ///< something is no longer what it was: look again
  refused     ///< the problems say why
};

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
      const std::size_t problems_before = report.problems.size();
      const std::size_t entries_before = report.entries;
      const Outcome outcome = try_to_fold(writer, report);
      if (outcome == Outcome::done) ++report.sources;
      if (outcome == Outcome::under_way) ++report.under_way;
      if (outcome == Outcome::done || outcome == Outcome::under_way) return;
      if (outcome == Outcome::refused) break;
      report.problems.resize(problems_before);  // of a try that came to nothing they say nothing
      const bool has_moved = report.entries > entries_before;
      if (!has_moved && !is_what_it_was(writer)) break;  // it lives, or somebody folded it
    }
    ++report.left;
  }

  bool is_what_it_was(const DeadWriter& writer) {
    const RedisReply claim = client->command(asked({"HMGET", keys.claim(writer.name), "token", "seq"}));
    return claim.elements.size() == 2 && claim.elements[0].text == writer.token &&
           claim.elements[1].text == writer.sequence;
  }

  /// The count of folds is read before anything a fold is made from.
  Outcome try_to_fold(DeadWriter& writer, FoldReport& report) {
    folds = client
                ->command({{"GET", keys.folds(bucket_of(std::string_view(writer.name)))},
                           keys.folds(bucket_of(std::string_view(writer.name))),
                           true,
                           false})
                .text;
    std::vector<std::string> members;
    for (RedisReply& reply : client->command(asked({"SMEMBERS", keys.index(writer.name)})).elements) {
      members.push_back(std::move(reply.text));
    }
    if (members.size() > kMostInOneScript && !writer.is_sealed()) {
      const Outcome sealed = seal(writer, sort_members(members).folded, report.problems);
      if (sealed != Outcome::done) return sealed;
    }
    std::span<const std::string> rest(members);
    for (std::size_t moved = 0; moved < kMostInOneFold; moved += kMostInOneScript) {
      const auto part = rest.first(std::min(rest.size(), kMostInOneScript));
      rest = rest.subspan(part.size());
      const Outcome outcome = fold_part(writer, part, rest.empty(), report);
      if (outcome != Outcome::done || rest.empty()) return outcome;
    }
    return Outcome::under_way;
  }

  /// Prepares the whole tombstone aside, and has it and the seal come at once.
  Outcome seal(DeadWriter& writer, const std::vector<std::string>& members, std::vector<Problem>& problems) {
    SealCall call{keys.claim(writer.name),
                  keys.lease(writer.name),
                  keys.tomb(writer.name) + "." + random_text(),
                  keys.tomb(writer.name),
                  writer.token,
                  writer.sequence};
    for (std::size_t first = 0; first < members.size(); first += kMostInOneScript) {
      const auto part = std::span(members).subspan(first, std::min(kMostInOneScript, members.size() - first));
      std::vector<std::string> fields{"HSET", call.staged};
      for (const SeenSample& seen : read_samples(writer, part, {})) {
        const SamplePlan plan = plan_sample(seen, writer);
        if (plan.verdict != SamplePlan::Verdict::fold || !plan.tomb) continue;
        fields.insert(fields.end(), {seen.member, number_for_redis(*plan.tomb)});
        ++call.tombs;
      }
      if (fields.size() == 2) continue;
      client->command({std::move(fields), {}, false, false}).throw_if_bad("preparing the tombstone of " + writer.name);
      client->command({{"EXPIRE", call.staged, kStagedLife}, {}, false, false})
          .throw_if_bad("preparing the tombstone of " + writer.name);
    }
    const Outcome outcome = run(seal_script(), call.command(), writer, problems);
    if (outcome == Outcome::done) writer.token = kSealed;
    return outcome;
  }

  /// Some of a writer's members, or all, by one script.
  Outcome fold_part(const DeadWriter& writer, std::span<const std::string> members, bool is_last, FoldReport& report) {
    const SortedMembers sorted = sort_members(members);
    const std::vector<std::string> known = retired_there(bucket_of(std::string_view(writer.name)));
    PartPlan plan = plan_part(keys, writer, sorted, read_samples(writer, sorted.folded, known), known.size());
    if (plan.is_refused) {
      report.problems.insert(report.problems.end(), plan.problems.begin(), plan.problems.end());
      return Outcome::refused;
    }
    plan.call.folds_before = folds;
    plan.call.keep_s = options.keep_all.count() > 0 ? std::to_string(options.keep_all.count()) : kKeptWithoutLimit;
    plan.call.is_last = is_last;
    if (!is_last) plan.call.members.assign(members.begin(), members.end());
    const Outcome outcome = run(fold_script(), plan.call.command(), writer, report.problems);
    if (outcome != Outcome::done) return outcome;
    report.entries += plan.folded;
    report.problems.insert(report.problems.end(), plan.problems.begin(), plan.problems.end());
    return outcome;
  }

  Outcome run(const RedisScript& script, const RedisCommand& command, const DeadWriter& writer,
              std::vector<Problem>& problems) {
    const RedisReply reply = run_scripts(*client, script, {&command, 1}).front();
    reply.throw_if_bad("folding writer " + writer.name);
    const std::string_view word = reply.elements.empty() ? std::string_view{} : reply.elements.front().text;
    if (word == "REFUSED" && reply.elements.size() == 3) {
      problems.push_back({"not_folded", reply.elements[1].text,
                          fmt::format("{}: {}; writer {} is not folded until it is gone", reply.elements[1].text,
                                      reply.elements[2].text, writer.name)});
      return Outcome::refused;
    }
    if (word == "OK" && reply.elements.size() == 2) folds = reply.elements[1].text;
    return word == "OK" ? Outcome::done : Outcome::changed;
  }

  /// The retired writers of a bucket.
  std::vector<std::string> retired_there(std::string_view bucket) {
    std::vector<std::string> known;
    for (std::size_t part = 0; part < kMostRetired; ++part) {
      std::string name = retired_name(bucket, part);
      if (client->command(asked({"EXISTS", keys.claim(name)})).integer == 0) break;
      known.push_back(std::move(name));
    }
    return known;
  }

  /// What the writer's keys hold, and those of the retired.
  std::vector<SeenSample> read_samples(const DeadWriter& writer, std::span<const std::string> members,
                                       const std::vector<std::string>& retired) {
    const std::size_t each = 2 + retired.size();
    std::vector<RedisCommand> commands;
    for (const std::string& member : members) {
      commands.push_back(asked({"HMGET", keys.metric_of_member(member, writer.name), "value", "timestamp", "owner"}));
      commands.push_back(asked({"HGET", keys.meta_of_member(member, writer.name), "original_key"}));
      for (const std::string& name : retired) {
        commands.push_back(asked({"HMGET", keys.metric_of_member(member, name), "value", "timestamp"}));
      }
    }
    std::vector<SeenSample> all(members.size());
    reading.ask_each(commands, [&](std::size_t i, const RedisReply& reply) {
      SeenSample& seen = all[i / each];
      if (i % each == 0) {
        seen.member = members[i / each];
        seen.own = pair_of(reply);
        if (reply.elements.size() == 3) seen.owner = reply.elements[2].text;
      } else if (i % each == 1) {
        seen.json = reply.text;
      } else {
        seen.retired.push_back({!reply.elements.empty() && !reply.elements[0].is_nil(), pair_of(reply)});
      }
    });
    return all;
  }

  /// Folded totals stay while anybody of the deployment lives, and then expire.
  void tend_retired(bool anybody_lives) {
    for (const std::string& bucket : buckets_of(*client)) {
      for (std::size_t part = 0; part < kMostRetired; ++part) {
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
  std::string folds;  // the count of folds in the bucket, as far as a fold under way knows
};

RedisFold::RedisFold(std::shared_ptr<RedisClient> client, RedisFoldOptions options)
    : impl_(std::make_unique<Impl>(std::move(client), std::move(options))) {}
RedisFold::~RedisFold() = default;
FoldReport RedisFold::fold() { return impl_->fold(); }
std::chrono::milliseconds RedisFold::calm_in() const { return impl_->calm_in; }

}  // namespace weir
