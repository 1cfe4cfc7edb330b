// One process's values in Redis by hand: what RedisStorageDict and RedisValue write and read directly, each call a
// round trip. (Instruments do not come here: their values are shipped, see weir/redis_storage.h.)
//
//   <prefix>:<kind>:<writer>:metric:<hash>   HASH  value, timestamp, updated_at; and fence, `<issuer>:<number>`
//   <prefix>:<kind>:<writer>:meta:<hash>     HASH  original_key, typ, multiprocess_mode, created_at
//
// The writer is this process's pid, in a Cluster with its bucket before it. A write carries a number that rises within
// the process; the server drops one that comes after a newer (a command that timed out is executed late, P8). A hash
// with the field `owner` belongs to a process's Redis storage and is never written here. Keys go 24 h after their
// last write.
//
// Thread safety: every member from any thread. Process safety: a forked child writes under its own pid.
// Invariants: I2, I4.
// Source: gunicorn_prometheus_exporter 0.2, backend/core; protocol P8.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis_layout/redis_keys.h"
#include "weir/redis_client.h"

namespace weir {

/// The kind of these words; a gauge without a mode is `all`, the mode of others counts for nothing. Throws ValueError
/// naming the word that is none.
FileKind kind_from(std::string_view metric_type, std::string_view multiprocess_mode);

/// The next number of a write. A newer write has a higher one; take it under the lock that orders the values.
std::uint64_t next_write_number() noexcept;

class ValueHashes {
 public:
  struct Value {
    double value = 0;
    double timestamp = 0;  ///< Unix seconds
  };
  struct Entry {
    std::string key;  ///< the JSON key
    FileKind kind;
    Value value;
  };

  /// An empty prefix is REDIS_KEY_PREFIX, else `gunicorn`. Throws ValueError without a client, ConfigError for a prefix
  /// that cannot be used.
  ValueHashes(std::shared_ptr<RedisClientProtocol> client, std::string_view key_prefix);

  const RedisKeys& keys() const noexcept { return keys_; }
  const std::shared_ptr<RedisClientProtocol>& client() const noexcept { return client_; }
  /// `4242`, in a Cluster `{b18}4242`.
  std::string writer_of(long pid) const;
  std::string own_writer() const;
  /// The Redis key of that value of this process.
  std::string metric_key(std::string_view key, FileKind kind) const;

  // These throw what command() throws; an answer that is no number is a FormatError.

  /// What stands there; nothing there yet: makes it, with 0 at time 0.
  Value read_or_make(std::string_view key, FileKind kind) const;
  /// Writes; without a timestamp, stamped with Redis' time (the local clock's, where TIME is forbidden). Gives the
  /// timestamp. Throws RedisReplyError for a value that belongs to a Redis storage.
  double write(std::string_view key, FileKind kind, double value, std::optional<double> timestamp,
               std::uint64_t number) const;
  void write_exemplar(std::string_view key, FileKind kind, std::string_view json) const;
  /// Empty when there is none.
  std::string read_exemplar(std::string_view key, FileKind kind) const;
  /// Makes the meta hash, or completes it.
  void ensure_metadata(std::string_view key, FileKind kind) const;
  /// What this process holds under that key, the first in the order counter, histogram, summary, gauge modes.
  std::optional<Entry> find(std::string_view key) const;
  /// The first gauge mode that key is kept under; nothing: none.
  std::optional<GaugeMode> find_mode(std::string_view key) const;
  /// Everything of this process, sorted by key. What cannot be read is left out, with a line in the log.
  std::vector<Entry> read_all() const;
  enum class Erased { erased, absent, owned };
  /// What belongs to a Redis storage stays.
  Erased erase(std::string_view key, FileKind kind) const;
  [[noreturn]] void throw_owned(std::string_view operation, std::string_view key, FileKind kind) const;

 private:
  std::optional<Entry> find_among(std::string_view key, const std::vector<FileKind>& kinds) const;
  RedisReply run(const RedisScript& script, std::string_view operation, std::string_view key, FileKind kind,
                 std::vector<std::string> arguments) const;
  /// The same; throws when the value belongs to a Redis storage.
  RedisReply change(const RedisScript& script, std::string_view operation, std::string_view key, FileKind kind,
                    std::vector<std::string> arguments) const;

  std::shared_ptr<RedisClientProtocol> client_;
  RedisKeys keys_;
};

/// Every key that matches, of all masters, each once. A client that is no RedisClient can scan one server alone:
/// throws ConfigError for a Cluster.
std::vector<std::string> scan_keys(RedisClientProtocol& client, const std::string& pattern);

}  // namespace weir
