#include "weir/redis_collector.h"

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "collect/shared_collection.h"
#include "redis_collect/redis_merge.h"
#include "redis_layout/redis_keys.h"
#include "weir/redis_settings.h"

namespace weir {
namespace {

/// A prefix nobody named: both layouts as the environment's programs write them, the shared one also without prefix.
RedisMergeOptions merge_options(const RedisCollectorOptions& options) {
  const bool is_named = !options.key_prefix.empty();
  std::string prefix = is_named ? options.key_prefix : redis_settings_from_environment().key_prefix;
  if (prefix.empty()) prefix = RedisSettings{}.key_prefix;  // programs of the shared layout may have none
  prefix = checked_key_prefix(prefix, is_named ? "key_prefix" : "REDIS_KEY_PREFIX");
  RedisMergeOptions merge;
  if (options.layout != RedisReadLayout::shared) merge.per_process_prefix = prefix;
  if (options.layout == RedisReadLayout::per_process) return merge;
  if (is_named) {
    merge.shared_prefixes = {prefix};
  } else {
    merge.shared_prefixes = {"", prefix};
  }
  merge.scan_shared = is_named || options.layout == RedisReadLayout::shared;
  return merge;
}

Problem unreachable(const RedisClient& client, const RedisError& error) {
  const bool replied = dynamic_cast<const RedisReplyError*>(&error) != nullptr;
  const bool refused = dynamic_cast<const RedisAuthenticationError*>(&error) != nullptr;
  return {.reason = replied   ? "redis_error"
                    : refused ? "redis_authentication"
                              : "redis_unreachable",
          .subject = client.describe(),
          .message = fmt::format("nothing could be read from {}: {}", client.describe(), error.what())};
}

}  // namespace

struct RedisMultiProcessCollector::Impl {
  Impl(std::shared_ptr<RedisClient> given, const RedisCollectorOptions& options)
      : client(std::move(given)), merge(*client, merge_options(options)) {}

  std::shared_ptr<const Collection> collect() {
    const auto began = std::chrono::steady_clock::now();
    std::shared_ptr<Collection> collection;
    try {
      collection = merge.collect();
    } catch (const RedisError& error) {
      collection = std::make_shared<Collection>();
      collection->problems.push_back(unreachable(*client, error));
    }
    const std::scoped_lock lock{statistics_mutex};
    const std::uint64_t collections = statistics.collections + 1;
    statistics = merge.statistics();
    statistics.series = collection->snapshot.values.size();
    statistics.collections = collections;
    statistics.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return collection;
  }

  const std::shared_ptr<RedisClient> client;
  RedisMerge merge;  // used by one collection at a time
  SharedCollection shared{[this] { return collect(); }};
  mutable std::mutex statistics_mutex;
  Statistics statistics;  // guarded by statistics_mutex
};

RedisMultiProcessCollector::RedisMultiProcessCollector(std::shared_ptr<RedisClient> client,
                                                       const RedisCollectorOptions& options) {
  if (!client) client = make_redis_client(redis_settings_from_environment().client);
  impl_ = std::make_unique<Impl>(std::move(client), options);
}

RedisMultiProcessCollector::~RedisMultiProcessCollector() = default;

std::shared_ptr<const Collection> RedisMultiProcessCollector::collect() { return impl_->shared.collect(); }

std::string RedisMultiProcessCollector::describe() const { return fmt::format("Redis {}", impl_->client->describe()); }

RedisMultiProcessCollector::Statistics RedisMultiProcessCollector::statistics() const {
  const std::scoped_lock lock{impl_->statistics_mutex};
  return impl_->statistics;
}

std::vector<MetricFamily> merge_from_redis(RedisClient& client, const std::string& key_prefix, bool accumulate,
                                           std::vector<Problem>* problems) {
  RedisCollectorOptions options;
  options.key_prefix = key_prefix;
  options.layout = RedisReadLayout::per_process;
  RedisMergeOptions merge_from = merge_options(options);
  merge_from.accumulate = accumulate;
  RedisMerge merge(client, std::move(merge_from));
  const std::shared_ptr<Collection> collection = merge.collect();
  if (problems != nullptr) {
    problems->insert(problems->end(), collection->problems.begin(), collection->problems.end());
  } else if (collection->snapshot.values.empty()) {
    for (const Problem& problem : collection->problems) {
      // Whoever writes back what this returns must not take it for an empty Redis.
      const bool must_wait =
          problem.reason == "redis_epoch" || problem.reason == "redis_folding" || problem.reason == "redis_replica";
      if (must_wait) throw RedisReplyError(problem.message);
    }
  }
  return families(collection->snapshot);
}

}  // namespace weir
