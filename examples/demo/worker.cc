// A worker of the demo: several threads count known amounts, then it idles until it is killed; it never ends by itself.
//
//   demo_worker FATE THREADS ROUNDS LEDGER
//
// A thread's round i counts one request ("failed" where i % 10 is 0) and observes one latency. ROUNDS 0 means until
// killed. LEDGER is a file of one 64-byte line a thread that holds the number of rounds whose every call has returned:
// what the parent holds against the scrape when the worker was killed in the middle.
#include <weir/weir.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

constexpr std::uint64_t kBurst = 50000;  // rounds between two pauses, so that a scrape every second sees growth
constexpr std::array kLatencies{0.125, 0.5, 2.0, 8.0};  // exact in binary: so is their sum
constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

struct alignas(64) LedgerLine {
  std::atomic<std::uint64_t> rounds;
};

LedgerLine* open_ledger(const char* path, std::size_t threads) {
  const int fd = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::size_t size = threads * sizeof(LedgerLine);
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(size)) != 0) {
    throw std::system_error(errno, std::generic_category(), path);
  }
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), path);
  ::close(fd);
  return static_cast<LedgerLine*>(memory);
}

// The same names, labels, help and buckets as in worker.py: the same series.
struct Metrics {
  weir::Registry& registry = weir::default_registry();
  weir::Family<weir::Counter>& requests =
      registry.counter({.name = "demo_requests_total", .help = "Requests counted."}, {"lang", "fate", "outcome"});
  weir::Family<weir::Histogram>& latency = registry.histogram(
      {.name = "demo_seconds", .help = "Latency, made up.", .buckets = {0.25, 1.0, 4.0}}, {"lang", "fate"});
  weir::Gauge& items = registry.gauge(
      {.name = "demo_items", .help = "Items left behind by every worker.", .mode = weir::GaugeMode::sum});
  weir::Gauge& alive =
      registry.gauge({.name = "demo_workers_alive", .help = "Workers that live.", .mode = weir::GaugeMode::livesum});
};

void count(Metrics& metrics, const std::string& fate, std::uint64_t rounds, LedgerLine& ledger) {
  weir::Counter& served = metrics.requests.labels("cpp", fate, "served");
  weir::Counter& failed = metrics.requests.labels("cpp", fate, "failed");
  weir::Histogram& latency = metrics.latency.labels("cpp", fate);
  const bool pauses = rounds != kNoEnd;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    (i % 10 == 0 ? failed : served).inc();
    latency.observe(kLatencies[i % kLatencies.size()]);
    ledger.rounds.store(i + 1, std::memory_order_release);  // after the counts; read when this process is dead
    if (pauses && i % kBurst == kBurst - 1) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void work(const std::string& fate, std::size_t threads, std::uint64_t rounds, LedgerLine* ledger) {
  Metrics metrics;
  metrics.alive.set(1);
  metrics.items.inc(10);
  metrics.items.dec(3);
  std::vector<std::thread> running;
  for (std::size_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] { count(metrics, fate, rounds, ledger[i]); });
  }
  for (std::thread& thread : running) thread.join();
  std::puts("done");
  std::fflush(stdout);
  while (true) ::pause();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) {
    std::fprintf(stderr, "usage: demo_worker FATE THREADS ROUNDS LEDGER\n");
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  weir::set_log_sink(weir::stderr_log_sink);
  const std::size_t threads = std::strtoul(argv[2], nullptr, 10);
  const std::uint64_t rounds = std::strtoull(argv[3], nullptr, 10);
  LedgerLine* const ledger = open_ledger(argv[4], threads);
  work(argv[1], threads, rounds == 0 ? kNoEnd : rounds, ledger);
} catch (const std::exception& error) {
  std::fprintf(stderr, "demo_worker: %s\n", error.what());
  return 1;
}
