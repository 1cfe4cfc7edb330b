// What folding a writer in Redis comes to, decided from what was read; nothing here asks a server.
//
//   const SortedMembers sorted = sort_members(members);              // by what becomes of their keys
//   const SamplePlan plan = plan_sample(seen, writer);               // of each of sorted.folded
//
// Thread safety: pure functions. Invariants: I1, I2 (sums are exact, P4).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collect/merged_entry.h"
#include "format/file_name.h"
#include "redis_fold/dead_writers.h"
#include "redis_fold/fold_script.h"
#include "redis_layout/redis_keys.h"
#include "weir/snapshot.h"

namespace weir {

/// Of a sum: from a double's first bit to the last a program counts. As many retired writers there may be.
inline constexpr std::size_t kMostRetired = 8;

/// Members of a writer's index, `<kind>:<hash>`.
struct SortedMembers {
  std::vector<std::string> folded;   ///< their values move to the retired
  std::vector<std::string> dropped;  ///< gauges that end with their process, and what is of no kind
  std::vector<std::string> kept;     ///< gauges of `all`: they keep their pid for a while
};

SortedMembers sort_members(std::span<const std::string> members);

/// `retired`, `retired.1`, …
std::string retired_name(std::string_view bucket, std::size_t part);

/// What the retired writers have of a sample, part by part.
struct RetiredSample {
  bool is_there = false;
  std::optional<CellPair> value;  ///< nothing: not there, or no number
};

/// What was read of a sample of a dead writer.
struct SeenSample {
  std::string member;
  std::optional<CellPair> own;  ///< nothing: not there, or no number
  std::string owner;            ///< the token in its key
  std::string json;             ///< its metadata
  std::vector<RetiredSample> retired;
};

struct SamplePlan {
  enum class Verdict : std::uint8_t {
    fold,
    leave,   ///< it has no value of this writer's, or no metadata: its keys stay where they are
    spoiled  ///< the retired hold something there that is no number, which is not to be written over
  };
  Verdict verdict = Verdict::fold;
  std::vector<double> parts;  ///< new values of the retired, in their order
  double timestamp = 0;
  std::optional<double> tomb;  ///< what a writer that comes back takes off what it ships
  std::size_t spoiled_part = 0;
};

SamplePlan plan_sample(const SeenSample& seen, const DeadWriter& writer);

/// As Redis and Lua hand it on without losing a bit.
std::string number_for_redis(double value);

/// Of some of a writer's samples, or all: what the one script is told. Its count of folds, `keep_s`, and whether it is
/// the last are the caller's to say.
struct PartPlan {
  FoldCall call;
  std::size_t folded = 0;         ///< values
  bool is_refused = false;        ///< nothing may be done; `problems` says why
  std::vector<Problem> problems;  ///< values that stay where they are
};

/// `retired`: how many retired writers there are; `seen` knows of as many.
PartPlan plan_part(const RedisKeys& keys, const DeadWriter& writer, const SortedMembers& sorted,
                   const std::vector<SeenSample>& seen, std::size_t retired);

/// What one script takes: a writer with fewer values is folded by one, of a larger one so many at a time. At 34 us a
/// value, on a busy machine, the server does nothing else for 17 ms.
inline constexpr std::size_t kMostInOneScript = 500;
/// Of a large writer, values a fold moves: between two folds readers find the server at rest.
inline constexpr std::size_t kMostInOneFold = 40 * kMostInOneScript;

}  // namespace weir
