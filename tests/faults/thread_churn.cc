// Many short threads, few at once; counting where threads and the process end. Prints `NAME VALUE` lines of what must
// be shown.
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "storage/cell_space.h"
#include "weir/registry.h"

namespace {

constexpr int kAtOnce = 8;

weir::Registry& registry() { return weir::default_registry(); }
weir::Counter& by_threads() {
  static weir::Counter& counter = registry().counter({.name = "threads_total", .help = "T."});
  return counter;
}
weir::Histogram& observed() {
  static weir::Histogram& histogram = registry().histogram({.name = "h", .help = "H.", .buckets = {1, 2}});
  return histogram;
}
weir::Counter& at_end(const char* what) {
  static auto& family = registry().counter({.name = "ends_total", .help = "E."}, {"what"});
  return family.labels(what);
}

/// Counts when its thread ends, first made or not: after the thread's body, in whatever order destructors run.
struct CountsAtThreadEnd {
  ~CountsAtThreadEnd() {
    at_end("thread").inc();
    by_threads().inc();
  }
  void touch() const {}
};
thread_local CountsAtThreadEnd t_counts;

/// A pthread key's destructor runs even later, when the thread's slot may be gone.
pthread_key_t g_key;
void count_in_key_destructor(void*) { at_end("key").inc(); }

struct CountsAtExit {
  ~CountsAtExit() { at_end("static").inc(); }
};
CountsAtExit g_counts_at_exit;

void work() {
  t_counts.touch();
  ::pthread_setspecific(g_key, &g_key);
  by_threads().inc(2);
  observed().observe(1.5);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 10000;
  ::pthread_key_create(&g_key, &count_in_key_destructor);
  std::atexit([] { at_end("atexit").inc(); });
  for (int done = 0; done < threads; done += kAtOnce) {
    std::vector<std::thread> running;
    for (int i = 0; i < kAtOnce; ++i) running.emplace_back(work);
    for (std::thread& thread : running) thread.join();
  }
  const std::size_t slots = weir::cell_space().slot_count();
  if (slots > kAtOnce + 1) {
    std::fprintf(stderr, "thread_churn: %zu slots for %d threads at once\n", slots, kAtOnce);
    return 1;
  }
  std::printf("threads_total %d\nh_count %d\nh_sum %g\n", threads * 3, threads, threads * 1.5);
  std::printf("thread %d\nkey %d\nstatic 1\natexit 1\n", threads, threads);
}
