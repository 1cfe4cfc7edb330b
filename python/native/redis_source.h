// A Redis as a source that survives fork: a forked child reads with a collector of its own.
//
// Thread safety: every member from any thread. Process safety: after fork the parent's collector is left as it is, for
// its locks may be held by threads the child does not have. Invariants: I2, I4, I5.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>

#include "weir/redis_collector.h"

namespace weir::python {

class RedisSource final : public Source {
 public:
  /// `client` empty: PROMETHEUS_REDIS_URL, then localhost:6379/0.
  RedisSource(std::shared_ptr<RedisClient> client, RedisCollectorOptions options);
  ~RedisSource() override;
  RedisSource(const RedisSource&) = delete;
  RedisSource& operator=(const RedisSource&) = delete;

  std::shared_ptr<const Collection> collect() override { return of_this_process().collect(); }
  std::string describe() const override { return described_; }
  RedisMultiProcessCollector::Statistics statistics() { return of_this_process().statistics(); }

 private:
  struct OfProcess;
  RedisMultiProcessCollector& of_this_process();

  const std::shared_ptr<RedisClient> client_;
  const RedisCollectorOptions options_;
  std::atomic<OfProcess*> current_;  // a parent's is never freed in its child
  const std::string described_;
};

}  // namespace weir::python
