// The smallest program that counts: one counter, shown as Prometheus would scrape it.
//
//   hello                                         values live in memory
//   PROMETHEUS_MULTIPROC_DIR=/tmp/m hello         values live in files there: run it twice, then
//                                                 `weir show --dir /tmp/m`
//   REDIS_ENABLED=true hello_redis                in Redis: the same source, linked to weir::redis
#include <weir/weir.h>

#include <cstdio>
#include <string>

int main() {
  weir::Registry& registry = weir::default_registry();
  auto& greetings = registry.counter({.name = "greetings_total", .help = "People greeted."}, {"language"});

  greetings.labels("en").inc();
  greetings.labels("is").inc(2);

  const std::string body = weir::expose(*registry.collect(), {});
  std::fputs(body.c_str(), stdout);
}
