// Settings chosen in code: workers count visits into one Redis, and this program reads them all back.
//
//   redis URL [WORKERS]        redis redis://localhost:6379/0 3; the password comes from REDIS_PASSWORD
//
// Each worker is a process of its own. weir::flush() waits until Redis has what was counted; a program that ends in the
// ordinary way need not call it.
#include <sys/wait.h>
#include <unistd.h>
#include <weir/redis.h>
#include <weir/weir.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

weir::RedisSettings settings_for(const char* url) {
  weir::RedisSettings settings;
  settings.enabled = true;
  settings.client = weir::parse_redis_url(url);
  if (const char* password = std::getenv("REDIS_PASSWORD")) settings.client.password = weir::Secret(password);
  settings.key_prefix = "visits";
  settings.flush_interval = std::chrono::milliseconds(200);
  return settings;
}

bool work(const weir::RedisSettings& settings, int number) {
  weir::Registry registry{weir::redis_storage(settings)};
  registry.counter({.name = "visits_total", .help = "Visits."}).inc(number);
  return weir::flush();
}

int run(const char* url, int workers) {
  const weir::RedisSettings settings = settings_for(url);
  for (int number = 1; number <= workers; ++number) {
    if (::fork() == 0) ::_exit(work(settings, number) ? 0 : 1);
  }
  int failed = 0;
  for (int status = 0; ::wait(&status) > 0;) failed += status == 0 ? 0 : 1;
  if (failed > 0) std::fprintf(stderr, "redis: %d workers could not ship what they counted\n", failed);

  weir::RedisMultiProcessCollector collector(weir::make_redis_client(settings.client),
                                             {.key_prefix = settings.key_prefix});
  const auto seen = collector.collect();
  for (const weir::Problem& problem : seen->problems) std::fprintf(stderr, "redis: %s\n", problem.message.c_str());
  std::fputs(weir::expose(*seen, {}).c_str(), stdout);
  return failed == 0 && seen->problems.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: redis URL [WORKERS]\n", stderr);
    return 2;
  }
  try {
    return run(arguments[1], count > 2 ? std::atoi(arguments[2]) : 3);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "redis: %s\n", error.what());
    return 1;
  }
}
