// faults_redis_churn_writer PAGE WRITERS AT_ONCE [FIRST]: many short-lived writers (churn.h) into the environment's
// Redis, with a lease of 600 ms. All flush, and their increments are done when Redis has acknowledged them; one in
// twenty then ends by SIGKILL, the others by exit, which says goodbye.
#include <chrono>

#include "churn.h"
#include "weir/redis_settings.h"
#include "weir/redis_storage.h"

namespace {

constexpr std::chrono::seconds kFlushTime{20};

void live(ChurnPage& page, int number) {
  weir::RedisSettings settings = weir::redis_settings_from_environment();
  settings.lease = std::chrono::milliseconds(600);
  weir::RedisStorageBase& storage = weir::redis_storage(settings);
  weir::Registry registry{storage};
  churn_count(registry, page, number, [] {});
  if (!storage.flush(kFlushTime)) ::_exit(1);
  page.done.fetch_add(kChurnIncrements);
  if (number % 20 == 0) ::kill(::getpid(), SIGKILL);
  std::exit(0);
}

}  // namespace

int main(int argc, char** argv) { return churn(argc, argv, live); }
