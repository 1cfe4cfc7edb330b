// A batch fleet: many short-lived processes, each doing one job; what they counted outlives them.
//
//   PROMETHEUS_MULTIPROC_DIR=/tmp/m batch 50             50 processes in turn, then the sum over all that ever ran
//   there
//
// Nothing is flushed or pushed when a job ends: what it counted stands in its files from the moment it was counted,
// even where the job crashes (every tenth does, on purpose).
#include <weir/weir.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

// One process: declares its metrics, works, ends. Job n handles n records.
void run_job(int n) {
  weir::Registry& registry = weir::default_registry();
  auto& jobs = registry.counter({.name = "batch_jobs_total", .help = "Jobs by how they ended."}, {"end"});
  auto& records = registry.counter({.name = "batch_records_total", .help = "Records handled."});
  auto& largest =
      registry.gauge({.name = "batch_largest_job_records", .help = "The largest job.", .mode = weir::GaugeMode::max});
  auto& last =
      registry.gauge({.name = "batch_last_job", .help = "The job that ran last.", .mode = weir::GaugeMode::mostrecent});

  for (int i = 0; i < n; ++i) records.inc();
  largest.set(n);
  last.set(n);
  if (n % 10 == 0) {
    jobs.labels("crash").inc();
    std::raise(SIGKILL);
  }
  jobs.labels("success").inc();
}

bool run_fleet(int count) {
  for (int n = 1; n <= count; ++n) {
    const pid_t pid = ::fork();
    if (pid < 0) return false;
    if (pid == 0) {
      run_job(n);
      ::_exit(0);
    }
    ::waitpid(pid, nullptr, 0);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int count = argc > 1 ? std::atoi(argv[1]) : 50;
    if (!run_fleet(count)) {
      std::perror("batch: fork");
      return 1;
    }
    weir::MultiProcessCollector all_that_ever_ran;
    const std::string body = weir::expose(*all_that_ever_ran.collect(), {});
    std::fputs(body.c_str(), stdout);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "batch: %s\n", error.what());
    return 1;
  }
}
