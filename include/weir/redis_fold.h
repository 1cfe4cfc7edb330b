// Folding in Redis: what writers that have ended counted moves to the retired writer, exactly once, and their keys go.
//
//   weir::RedisFold fold(client, {.key_prefix = "gunicorn"});
//   weir::FoldReport report = fold.fold();              // again and again, or once
//
// Of the per-process layout (the shared one has one value for all processes). So a scrape and the memory cost what live
// processes and the label sets ever met cost (I8). Counters, histograms, summaries and gauges of `sum` add up, `min`
// and `max` combine, `mostrecent` keeps the newest (a sum no double can say stands in up to eight parts); gauges of
// `all` keep their `pid` for a while; `live*` gauges go.
//
// Who is dead: a claim without a lease, silent for longer than its REDIS_TTL_SECONDS, in a server that has been up, and
// the same master, for three lease times (P7). Never keys without a claim (Python's exporter writes such), and never a
// spooled writer before its files have said goodbye.
//
// Exactly once (P9): one script per writer, applied only if the claim, its sequence, the missing lease and the count of
// folds are what the new sums were made from. It leaves a tombstone, from which a writer that was only paused goes on.
//
// Thread safety: one thread at a time. Process safety: any number of folders: the script of one makes the others look
// again. Invariants: I1, I2, I8.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "weir/fold.h"
#include "weir/redis_client.h"

namespace weir {

struct RedisFoldOptions {
  std::string key_prefix = "gunicorn";
  /// How long a folded process's `all` gauges stay; 0: until they expire by themselves (a day).
  std::chrono::seconds keep_all{3600};
  /// How long the retired writer outlives the last live one.
  std::chrono::seconds keep_retired{24 * 3600};
};

class RedisFold {
 public:
  /// Throws ConfigError for a prefix that cannot be one.
  RedisFold(std::shared_ptr<RedisClient> client, RedisFoldOptions options);
  ~RedisFold();
  RedisFold(const RedisFold&) = delete;
  RedisFold& operator=(const RedisFold&) = delete;

  /// Folds who is dead now. `sources` are writers, `entries` the values of theirs that were folded; `left` dead ones
  /// whose time has not come, or all of them while the server has not been calm for long enough: `calm_in()` says how
  /// long. Throws RedisError, also where the user lacks a right; a fold that throws changes no total.
  FoldReport fold();
  /// Until this server has been calm for three lease times, as far as the last fold() knows; 0: it has.
  std::chrono::milliseconds calm_in() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
