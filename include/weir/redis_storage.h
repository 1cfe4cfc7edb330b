// Cells of this process's memory (or, spooled, of its files) whose values a background thread ships to Redis.
//
//   weir::Registry registry{weir::redis_storage(weir::redis_settings_from_environment())};
//   …
//   weir::flush();                                   // before _exit() or exec(): ships what the last second counted
//
// inc() never meets a socket: Redis slow, gone, full or failing over costs the program nothing, and when it is back,
// what was counted meanwhile is shipped. Programs seldom call this: REDIS_ENABLED=true chooses it (see load_backend).
//
// Thread safety: every function from any thread. Process safety: fork as for every storage; the child is a writer of
// its own with a thread of its own, started at its first write.
// Invariants: I1, I2, I3, I6, I7; protocols P7 to P12.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "weir/redis_client.h"
#include "weir/redis_settings.h"
#include "weir/snapshot.h"
#include "weir/storage.h"

namespace weir {

/// What became of this process's values.
struct RedisShippingStatistics {
  bool connected = false;     ///< the last flush reached the server
  std::string writer;         ///< this process's identity; empty before the first claim
  std::uint64_t flushes = 0;  ///< that shipped or renewed something
  std::uint64_t failed_flushes = 0;
  std::uint64_t shipped = 0;      ///< values acknowledged
  std::uint64_t refused = 0;      ///< values the server refused (wrong type, out of memory); tried again
  std::uint64_t lost_claims = 0;  ///< claims that were gone (FLUSHALL, restart without data) and taken again
  std::uint64_t lost_leases = 0;  ///< times this process was away longer than its lease
  std::uint64_t fenced = 0;       ///< times it had been folded meanwhile and went on under a new identity
  std::uint64_t series = 0;       ///< samples known
  std::uint64_t dirty = 0;        ///< samples whose newest value is not acknowledged, at the last flush
  double lag = 0;                 ///< seconds since the last flush that left nothing dirty; 0 when none is wanted
  std::string last_error;         ///< empty after a good flush
};

class RedisStorageBase : public Storage {
 public:
  /// Ships what is dirty and waits for it, at most `timeout`. False when some of it is still not acknowledged.
  bool flush(std::chrono::milliseconds timeout) noexcept override = 0;
  /// Flushes, for at most `timeout`, and ships nothing more until resume(): the thread ends, cells go on counting,
  /// flush() gives false. True when all was acknowledged. Redis keeps what it has; the lease runs out, and readers take
  /// the process for dead. Forked children do not ship either.
  virtual bool stop(std::chrono::milliseconds timeout) noexcept = 0;
  /// Ships again, what was counted meanwhile first. Nothing happens where stop() was not called.
  virtual void resume() = 0;
  virtual RedisShippingStatistics statistics() const = 0;
  virtual const RedisSettings& settings() const noexcept = 0;
  virtual std::shared_ptr<RedisClient> client() const = 0;
  /// Asks the server once. Without an answer values go to files or memory meanwhile; shipping keeps trying.
  virtual bool is_connected() noexcept = 0;
};

/// The storage of these settings; the same settings give the same object. Asks the server once: when it does not
/// answer, says so in one log line, and cells lie in PROMETHEUS_MULTIPROC_DIR's files if that is set (else in memory)
/// until it does. Throws ConfigError for settings that cannot be used.
RedisStorageBase& redis_storage(const RedisSettings& settings);

/// The process's own shipping as metrics `weir_redis_*` (design: on `/backend`, never among the application's).
std::shared_ptr<Source> redis_shipping_source(RedisStorageBase& storage);

}  // namespace weir
