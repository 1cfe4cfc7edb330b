// Counts through a backend of one's own, from several processes, and reads what is there.
//
//   custom_backend count PROCESSES TIMES [DATABASE]      each process counts TIMES
//   custom_backend show [DATABASE]                       this run counted nothing: all values come from the database
//
// Without DATABASE the environment chooses: WEIR_BACKEND_CLASS=SqliteBackend WEIR_BACKEND_CONFIG=settings.json, a file
// such as
// {"path": "metrics.sqlite"}.
#include <weir/weir.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "sqlite_backend.h"

namespace {

struct Metrics {
  weir::Registry& registry = weir::default_registry();
  weir::Counter& jobs = registry.counter({.name = "jobs_total", .help = "Jobs done."});
  weir::Gauge& last =
      registry.gauge({.name = "last_job", .help = "Number of the last job.", .mode = weir::GaugeMode::max});
  weir::Histogram& seconds =
      registry.histogram({.name = "job_seconds", .help = "Time a job took.", .buckets = {0.5, 1.0}});
};

void load(const char* database) {
  weir::register_backend<SqliteBackend>("SqliteBackend");
  if (database != nullptr) {
    weir::load_backend("SqliteBackend", {{"path", database}});
  } else {
    weir::load_backend();
  }
}

void count(int times, const char* database) {
  load(database);
  Metrics metrics;
  for (int i = 1; i <= times; ++i) {
    metrics.jobs.inc();
    metrics.last.set(i);
    metrics.seconds.observe(i % 2 == 0 ? 0.25 : 2.0);
  }
}

void show(const char* database) {
  load(database);
  const Metrics metrics;
  std::printf("# backend %s\n", weir::backend_class().c_str());
  std::printf("# jobs.get() %g\n", metrics.jobs.get());
  std::fputs(weir::expose(*metrics.registry.collect(), {}).c_str(), stdout);
}

int count_in_processes(int processes, int times, const char* database) {
  int failed = 0;
  for (int i = 0; i < processes; ++i) {
    if (::fork() != 0) continue;
    try {
      count(times, database);  // loaded here, after the fork: SQLite connections must not cross one
    } catch (const std::exception& error) {
      std::fprintf(stderr, "custom_backend: %s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  for (int status = 0; ::wait(&status) > 0;) failed += status != 0;
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  weir::set_log_sink(weir::stderr_log_sink);  // an increment that a backend throws away is a log line
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "count" && argc >= 4) {
    return count_in_processes(std::atoi(argv[2]), std::atoi(argv[3]), argc > 4 ? argv[4] : nullptr);
  }
  if (verb == "show") {
    show(argc > 2 ? argv[2] : nullptr);
    return 0;
  }
  std::fprintf(stderr, "usage: custom_backend count PROCESSES TIMES [DATABASE] | show [DATABASE]\n");
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "custom_backend: %s\n", error.what());
  return 1;
}
