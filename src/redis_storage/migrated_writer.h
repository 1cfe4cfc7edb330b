// One process of a directory on its way into Redis: finding its name there, claiming it, sending its values.
//
//   MigratedWriter writer(client, keys, wanted_name("4242-18f3", false), token);
//   writer.find(is_taken);                          // whose name, and whether it was brought before
//   if (!writer.was_folded() && writer.claim(origin)) writer.send(values, refused);
//
// Thread safety: one thread at a time. Process safety: fenced by the claim's token and sequence, as every writer (P8).
// Invariants: I1, I2.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "redis_layout/redis_keys.h"
#include "weir/redis_client.h"
#include "weir/snapshot.h"

namespace weir {

/// One sample to be sent.
struct MigratedValue {
  FileKind kind;
  std::string json_key;
  double value = 0;
  double timestamp = 0;
  std::string exemplar;  ///< JSON; empty: none
};

/// The name in Redis that files of that identity get if they can: `4242` for `4242-18f3a2c07b11`. `is_label`: the
/// identity is shown in a label `pid`, and so stays as it is. What a Redis key cannot hold becomes `_`.
std::string wanted_name(std::string_view identity, bool is_label);

class MigratedWriter {
 public:
  /// `token` is that of this process's files alone.
  MigratedWriter(RedisClient& client, const RedisKeys& keys, std::string wanted, std::string token);

  /// Looks for an own claim, else for a free name: `is_taken` says whether keys stand under one already.
  void find(const std::function<bool(const std::string& writer)>& is_taken);
  /// Brought before, and folded since.
  bool was_folded() const noexcept { return was_folded_; }
  /// Brought before, and still there.
  bool was_there() const noexcept { return was_there_; }
  const std::string& name() const noexcept { return name_; }

  /// Makes the claim (or takes one's own again) without a lease. False when somebody was faster: find() again.
  bool claim(const std::string& directory);
  /// `<kind>:<hash>` of each value that stands there already.
  std::set<std::string> members();
  /// Sends; values that take no value here are appended to `refused`. False when the claim was lost on the way.
  bool send(std::span<const MigratedValue> values, std::vector<Problem>& refused);
  /// This writer counts no more.
  void finish();

 private:
  RedisClient& client_;
  const RedisKeys& keys_;
  const std::string bucket_;
  const std::string wanted_;  // without the bucket
  const std::string token_;
  std::string name_;
  bool was_folded_ = false;
  bool was_there_ = false;
  std::uint64_t sequence_ = 0;

  std::string other_name() const;
  std::string token_of(const std::string& writer);
  bool read_sequence();
  enum class Sent { good, again, lost };
  Sent send_once(std::span<const MigratedValue> values, std::vector<Problem>& refused);
  RedisCommand call(std::span<const MigratedValue> values);
  void take_refusals(const RedisReply& reply, std::span<const MigratedValue> values,
                     std::vector<Problem>& refused) const;
};

}  // namespace weir
