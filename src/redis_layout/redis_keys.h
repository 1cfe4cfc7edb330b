// The names of everything the per-process layout keeps in Redis.
//
//   <prefix>:<kind>:<writer>:metric:<hash>   HASH   value, timestamp, updated_at; ours add owner (token) and
//                                                   exemplar (JSON)
//   <prefix>:<kind>:<writer>:meta:<hash>     HASH   original_key, typ, multiprocess_mode, created_at, …
//   <prefix>:weir:claim:<writer>             HASH   token, seq, keys (size of the index), host, pid, started, …
//   <prefix>:weir:lease:<writer>             STRING `<master_replid>.<epoch>`, expires: the writer lives while it is
//                                                   there
//   <prefix>:weir:index:<writer>             SET    `<kind>:<hash>` of each of the writer's metric keys
//   <prefix>:weir:tomb:<writer>              HASH   `<kind>:<hash>` to the value folded, `folded_at`; expires
//   <prefix>:weir:writers[:{bNN}]            SET    writers that have a claim
//   <prefix>:weir:epoch[:{bNN}]              STRING 16 random hex digits, made by the first claim; gone after FLUSHALL
//   <prefix>:weir:folds[:{bNN}]              STRING how many folds there were
//   <prefix>:weir:migrated[:{bNN}]           HASH   token to writer of each process `weir migrate` brought here
//
// kind is `counter`, `histogram`, `summary`, `gauge_<mode>`; hash the MD5 of the JSON key in hex. A writer is its pid
// or `<pid>-<n>`; in a Cluster `{bNN}` stands before it (bucket 00 to 31, by the pid), so that one writer's keys, and a
// fold of a bucket's writers, share a slot (P9). Python's exporter writes the first two kinds of keys and reads ours.
//
// Thread safety: pure functions. Invariants: I5.
// Source: gunicorn_prometheus_exporter 0.2, backend/core; protocols P7 to P9.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/file_name.h"

namespace weir {

/// How many buckets a Cluster's writers are spread over.
inline constexpr int kClusterBuckets = 32;

/// MD5 in lower-case hex; of the JSON key it is the last part of a Redis key.
std::string md5_hex(std::string_view text);

/// The prefix as used: one `:` at its end is taken off. Throws ConfigError for an empty prefix, one that holds
/// `:metric:` (upstream finds the meta key by replacing the first), `{` or `}`, or a control character; `variable`
/// names it in the message.
std::string checked_key_prefix(std::string_view prefix, std::string_view variable);

/// Names of one deployment's keys. A value: copies are cheap enough for cold paths.
class RedisKeys {
 public:
  explicit RedisKeys(std::string prefix) : prefix_(std::move(prefix)) {}
  const std::string& prefix() const noexcept { return prefix_; }

  std::string metric(std::string_view kind, std::string_view writer, std::string_view hash) const;
  std::string meta(std::string_view kind, std::string_view writer, std::string_view hash) const;
  /// Of an index member `<kind>:<hash>`.
  std::string metric_of_member(std::string_view member, std::string_view writer) const;
  std::string meta_of_member(std::string_view member, std::string_view writer) const;
  std::string claim(std::string_view writer) const;
  std::string lease(std::string_view writer) const;
  std::string index(std::string_view writer) const;
  std::string tomb(std::string_view writer) const;
  /// `bucket` is `{b07}` in a Cluster, else empty.
  std::string writers(std::string_view bucket) const;
  std::string epoch(std::string_view bucket) const;
  std::string folds(std::string_view bucket) const;
  std::string migrated(std::string_view bucket) const;

 private:
  std::string prefix_;
};

/// `{b07}` for pid 4231 (pid modulo kClusterBuckets).
std::string bucket_of(long pid);
/// The `{b07}` a writer begins with; empty where it begins with none.
std::string_view bucket_of(std::string_view writer) noexcept;
/// The writer without its bucket: what the label `pid` shows.
std::string_view identity_of(std::string_view writer) noexcept;
/// Who holds what dead writers counted, once it is folded.
inline constexpr std::string_view kRetiredWriter = "retired";
/// True for `retired`, `{b07}retired`, `retired.1`, …
bool is_retired(std::string_view writer) noexcept;

/// A metric or meta key taken apart. Views into the key.
struct RedisKeyParts {
  std::string_view kind_text;    ///< `gauge_sum`; also upstream's artefact `gauge`, without a mode
  std::optional<FileKind> kind;  ///< nothing for the artefact and for what is no kind of ours
  std::string_view writer;
  bool is_meta = false;
  std::string_view hash;
};
/// Nothing for a key that is neither `metric` nor `meta` of this prefix.
std::optional<RedisKeyParts> parse_redis_key(std::string_view prefix, std::string_view key);

/// The fields of a new meta hash, names and values in turn, as upstream writes them.
std::vector<std::string> meta_fields(std::string_view json_key, FileKind kind, double created_at);

}  // namespace weir
