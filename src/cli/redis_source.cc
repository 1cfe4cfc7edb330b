#include "cli/redis_source.h"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "config/environment.h"
#include "redis_storage/redis_client_metrics.h"
#include "redis_storage/redis_keys.h"
#include "weir/error.h"
#include "weir/redis_client.h"
#include "weir/redis_collector.h"
#include "weir/redis_settings.h"

namespace weir::cli {
namespace {

/// What the collector and its client met, for /backend.
class RedisReadStatistics : public Source {
 public:
  RedisReadStatistics(const RedisMultiProcessCollector& collector, std::shared_ptr<RedisClient> client)
      : collector_(collector), client_(std::move(client)) {}

  std::shared_ptr<const Collection> collect() override {
    const RedisMultiProcessCollector::Statistics read = collector_.statistics();
    std::vector<MetricFamily> families;
    const auto gauge = [&families](const char* name, const char* help, double value) {
      families.push_back({{name, MetricType::gauge, help, ""}, {{name, {}, value, {}}}});
    };
    gauge("weir_redis_collect_commands", "Commands of the last collection.", static_cast<double>(read.commands));
    gauge("weir_redis_collect_values", "Values the last collection read.", static_cast<double>(read.values));
    families.push_back({{"weir_redis_collect_writers", MetricType::gauge, "Writers the last collection met.", ""},
                        {{"weir_redis_collect_writers", {{"state", "dead"}}, static_cast<double>(read.writers_dead), {}},
                         {"weir_redis_collect_writers",
                          {{"state", "foreign"}},
                          static_cast<double>(read.writers_foreign),
                          {}},
                         {"weir_redis_collect_writers",
                          {{"state", "live"}},
                          static_cast<double>(read.writers_live),
                          {}}}});
    families.push_back({{"weir_collections", MetricType::counter, "Collections since start.", ""},
                        {{"weir_collections_total", {}, static_cast<double>(read.collections), {}}}});
    append_client_metrics(client_->statistics(), families);
    auto collection = std::make_shared<Collection>();
    collection->snapshot = snapshot_of(families);
    return collection;
  }
  std::string describe() const override { return "what the collector read"; }

 private:
  const RedisMultiProcessCollector& collector_;
  std::shared_ptr<RedisClient> client_;
};

/// Every user of the host sees the arguments of a process.
void refuse_password(const std::string& url) {
  RedisOptions options;
  try {
    options = parse_redis_url(url);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("--redis: {}", error.what()));
  }
  if (options.password.empty()) return;
  throw ConfigError(fmt::format(
      "--redis {}: a password in an argument can be seen by every user of this host; leave it out of the URL and set "
      "REDIS_PASSWORD, or give --redis-password-file FILE, or put the whole URL into PROMETHEUS_REDIS_URL (with "
      "REDIS_ENABLED=true, without --redis)",
      describe(options)));
}

RedisSettings settings_of(const SourceArguments& arguments) {
  RedisSettings settings;
  if (arguments.redis.empty()) {
    settings = redis_settings_from_environment();
  } else {
    refuse_password(arguments.redis);
    settings = redis_settings_from({{"url", arguments.redis}});
  }
  if (!arguments.redis_password_file.empty()) {
    settings.client.password = Secret(environment::secret_file("--redis-password-file", arguments.redis_password_file));
  }
  return settings;
}

RedisReadLayout layout_of(const SourceArguments& arguments) {
  if (arguments.layout == "auto") return RedisReadLayout::automatic;
  const std::string layout =
      arguments.layout.empty() ? environment::variable("WEIR_REDIS_LAYOUT").value_or("auto") : arguments.layout;
  if (layout == "per-process") return RedisReadLayout::per_process;
  return layout == "shared" ? RedisReadLayout::shared : RedisReadLayout::automatic;
}

/// Empty: the collector's own choice for the layout.
std::string prefix_of(const SourceArguments& arguments, RedisReadLayout layout) {
  if (!arguments.key_prefix.empty()) {
    return layout == RedisReadLayout::shared ? arguments.key_prefix
                                             : checked_key_prefix(arguments.key_prefix, "--key-prefix");
  }
  const auto named = environment::variable("REDIS_KEY_PREFIX");
  return named ? checked_key_prefix(*named, "REDIS_KEY_PREFIX") : "";
}

}  // namespace

bool has_redis_support() noexcept { return true; }

ChosenSource redis_source(const SourceArguments& arguments) {
  RedisSettings settings = settings_of(arguments);
  const RedisReadLayout layout = layout_of(arguments);
  std::shared_ptr<RedisClient> client = make_redis_client(std::move(settings.client));
  auto source = std::make_unique<RedisMultiProcessCollector>(
      client, RedisCollectorOptions{.key_prefix = prefix_of(arguments, layout), .layout = layout});
  auto statistics = std::make_unique<RedisReadStatistics>(*source, std::move(client));
  return {std::move(source), std::move(statistics), "",
          "processes started with REDIS_ENABLED=true and the same key prefix write there"};
}

}  // namespace weir::cli
