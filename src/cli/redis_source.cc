#include "cli/redis_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "cli/redis_choice.h"
#include "cli/text_table.h"
#include "config/environment.h"
#include "fold/background_fold.h"
#include "model/printable.h"
#include "redis_layout/redis_keys.h"
#include "redis_storage/redis_backend_source.h"
#include "redis_storage/redis_writers.h"
#include "weir/error.h"
#include "weir/redis_client.h"
#include "weir/redis_collector.h"
#include "weir/redis_fold.h"
#include "weir/redis_settings.h"

namespace weir::cli {
namespace {

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

ChosenRedis chosen_redis(const SourceArguments& arguments) {
  RedisSettings settings = settings_of(arguments);
  const RedisReadLayout layout = layout_of(arguments);
  const std::string prefix = prefix_of(arguments, layout);
  ChosenRedis chosen{.client = make_redis_client(settings.client),
                     .options = settings.client,
                     .collector = {.key_prefix = prefix, .layout = layout},
                     .key_prefix = prefix.empty() ? RedisSettings{}.key_prefix : prefix,
                     .shared_prefixes = {}};
  // As the collector looks for them: a prefix nobody named may also be none.
  chosen.shared_prefixes = prefix.empty() ? std::vector<std::string>{"", chosen.key_prefix} : std::vector{prefix};
  return chosen;
}

namespace {

/// What reading met, and how folding does.
class RedisBackend : public Source {
 public:
  RedisBackend(std::unique_ptr<Source> reading, const ChosenRedis& chosen)
      : reading_(std::move(reading)),
        fold_(std::make_shared<RedisFold>(make_redis_client(chosen.options),  // scrapes do not wait for its scripts
                                          RedisFoldOptions{.key_prefix = chosen.key_prefix})),
        folding_([fold = fold_](std::size_t /*least_sources*/) { return fold->fold(); }, {}) {}

  std::shared_ptr<const Collection> collect() override {
    const auto read = reading_->collect();
    auto both = std::make_shared<Collection>();
    std::vector<MetricFamily> all = families(read->snapshot);
    std::ranges::move(families(folding_.collect()->snapshot), std::back_inserter(all));
    both->snapshot = snapshot_of(all);
    both->problems = read->problems;
    return both;
  }
  std::string describe() const override { return reading_->describe(); }

 private:
  const std::unique_ptr<Source> reading_;
  const std::shared_ptr<RedisFold> fold_;
  BackgroundFold folding_;
};

/// A client of its own: nobody waits behind it, and it gives up sooner.
std::function<std::string()> asking_once(RedisOptions options) {
  constexpr std::chrono::milliseconds kPatience{2000};
  options.connect_timeout = std::min(options.connect_timeout, kPatience);
  options.reply_timeout = std::min(options.reply_timeout, kPatience);
  return [options]() -> std::string {
    try {
      make_redis_client(options)->ping();
      return "";
    } catch (const std::exception& failure) {
      return failure.what();  // of any kind: from a thread of its own an exception would end the program
    }
  };
}

}  // namespace

ChosenSource redis_source(const SourceArguments& arguments) {
  ChosenRedis chosen = chosen_redis(arguments);
  auto source = std::make_unique<RedisMultiProcessCollector>(chosen.client, chosen.collector);
  std::unique_ptr<Source> statistics = redis_backend_source(
      *source, {.reading = chosen.client, .options = chosen.options, .key_prefix = chosen.key_prefix});
  if (arguments.fold == "weir" || arguments.fold == "all") {
    statistics = std::make_unique<RedisBackend>(std::move(statistics), chosen);
  }
  return {std::move(source),
          std::move(statistics),
          "",
          fmt::format("processes started with REDIS_ENABLED=true and the key prefix {} write there; --key-prefix names "
                      "another",
                      in_one_line(chosen.key_prefix)),
          redis_writers(chosen.options, chosen.key_prefix),
          asking_once(chosen.options)};
}

}  // namespace weir::cli
