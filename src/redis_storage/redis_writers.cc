#include "redis_storage/redis_writers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <tuple>

#include "format/json_key.h"
#include "format/number.h"
#include "redis_collect/claims_on_server.h"
#include "redis_collect/per_process_reader_metadata.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kWritersPatience{1000};

RedisOptions hurried(RedisOptions options) {
  options.connect_timeout = std::min(options.connect_timeout, kWritersPatience);
  options.reply_timeout = std::min(options.reply_timeout, kWritersPatience);
  options.pool_size = 1;
  return options;
}

WriterState state_of(const ClaimOnServer& claim) {
  if (is_retired(claim.writer)) return WriterState::folded;
  return claim.is_live() ? WriterState::alive : WriterState::dead;
}

bool is_kind_of(std::string_view member, MetricType type) {
  const std::optional<FileKind> kind = parse_file_kind(member.substr(0, member.rfind(':')));
  const bool is_stored_type = type == MetricType::counter || type == MetricType::gauge ||
                              type == MetricType::histogram || type == MetricType::summary;
  return kind && (!is_stored_type || kind->type == type);
}

/// A value that may be of the family asked for.
struct Candidate {
  const ClaimOnServer* writer = nullptr;
  std::string member;
  std::shared_ptr<KeyText> key;
};

class RedisWriters final : public WriterView {
 public:
  RedisWriters(RedisOptions options, std::string key_prefix)
      : keys_(std::move(key_prefix)), client_(make_redis_client(hurried(std::move(options)))), metadata_(keys_) {}

  std::string storage() const override { return "redis"; }
  std::string how_to_write() const override {
    return fmt::format("Start processes with REDIS_ENABLED=true and REDIS_KEY_PREFIX={} against {}", keys_.prefix(),
                       client_->describe());
  }

  std::vector<Writer> writers() override {
    const std::scoped_lock lock{mutex_};
    RedisReading reading(*client_);
    const std::vector<ClaimOnServer> claims = read_claims(reading, keys_);
    const double now = read_server_time(reading, keys_);
    std::vector<Writer> out;
    for (const ClaimOnServer& claim : claims) {
      Writer writer;
      writer.name = claim.writer;
      writer.state = state_of(claim);
      writer.host = claim.host;
      writer.values = claim.indexed;
      if (claim.flushed_at > 0 && claim.is_live()) writer.last_flush_age = std::max(0.0, now - claim.flushed_at);
      out.push_back(std::move(writer));
    }
    std::ranges::sort(out, {}, [](const Writer& one) { return std::tie(one.state, one.name); });
    return out;
  }

  FamilySplit split(const FamilyHead& family, std::size_t most) override {
    const std::scoped_lock lock{mutex_};
    RedisReading reading(*client_);
    const std::vector<ClaimOnServer> claims = read_claims(reading, keys_);
    const std::vector<Candidate> candidates = candidates_for(reading, claims, family.type);
    FamilySplit split;
    std::vector<RedisCommand> commands;
    const std::string name = name_before_conflict(family);
    for (const Candidate& one : candidates) {
      std::optional<WriterShare> share = share_of(one, name);
      if (!share) continue;
      if (split.shares.size() == most) {
        split.is_cut = true;
        break;
      }
      split.shares.push_back(std::move(*share));
      commands.push_back(read_command({"HGET", keys_.metric_of_member(one.member, one.writer->writer), "value"}));
    }
    read_values(reading, commands, split.shares);
    return split;
  }

 private:
  /// Every member of a writer's index whose kind may be the family's, with its JSON key.
  std::vector<Candidate> candidates_for(RedisReading& reading, const std::vector<ClaimOnServer>& claims,
                                        MetricType type) {
    std::vector<RedisCommand> commands;
    commands.reserve(claims.size());
    for (const ClaimOnServer& claim : claims) {
      commands.push_back(read_command({"SMEMBERS", keys_.index(claim.writer)}));
    }
    std::vector<Candidate> candidates;
    reading.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
      for (RedisReply& member : reply.elements) {
        if (!is_kind_of(member.text, type)) continue;
        std::shared_ptr<KeyText> key = metadata_.find(member.text);
        candidates.push_back({&claims[i], std::move(member.text), std::move(key)});
      }
    });
    std::vector<WantedKey> wanted;
    for (Candidate& one : candidates) {
      if (one.key->json.empty()) wanted.push_back({one.member, one.writer->writer, &one.key});
    }
    std::vector<Problem> told_by_collections;
    metadata_.resolve(reading, std::move(wanted), told_by_collections);
    return candidates;
  }

  std::optional<WriterShare> share_of(const Candidate& candidate, const std::string& family) {
    try {
      parser_.parse(candidate.key->json, key_);
    } catch (const FormatError&) {
      return std::nullopt;  // told by collections
    }
    const bool is_wanted = key_.metric_name == family || key_.metric_name == family + "_total";
    if (!is_wanted) return std::nullopt;
    return WriterShare{candidate.writer->writer, state_of(*candidate.writer), key_.sample_name, key_.labels, 0};
  }

  /// A value that is not there, or is no number, takes its share away.
  static void read_values(RedisReading& reading, const std::vector<RedisCommand>& commands,
                          std::vector<WriterShare>& shares) {
    std::vector<WriterShare> known;
    reading.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
      try {
        if (reply.is_error() || reply.text.empty()) return;
        shares[i].value = parse_number(reply.text);
        known.push_back(std::move(shares[i]));
      } catch (const FormatError&) {
        return;  // told by collections
      }
    });
    shares = std::move(known);
  }

  const RedisKeys keys_;
  const std::shared_ptr<RedisClient> client_;
  std::mutex mutex_;
  // Guarded by mutex_.
  MetadataCache metadata_;
  KeyParser parser_;
  MetricKey key_;
};

}  // namespace

std::unique_ptr<WriterView> redis_writers(RedisOptions options, std::string key_prefix) {
  return std::make_unique<RedisWriters>(std::move(options), std::move(key_prefix));
}

}  // namespace weir
