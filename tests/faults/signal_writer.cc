// A thread that is interrupted all the time by a handler that counts. faults_signal_writer tight|registering SIGNALS
//
// Prints `NAME VALUE` lines of what the metrics must show.
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "weir/log.h"
#include "weir/registry.h"

// On tmpfs, kernels as old as Debian 12's end fallocate for any signal, later ones do not. This stands in for the older
// ones: every other call of this program ends so.

extern "C" int fallocate(int fd, int mode, off_t begin, off_t length) {
  static std::atomic<unsigned> calls{0};
  if (calls.fetch_add(1) % 2 == 1) {
    errno = EINTR;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fallocate, fd, mode, begin, length));
}

namespace {

weir::Counter* g_counter = nullptr;
weir::Counter* g_fresh = nullptr;  // never written but by the handler
weir::Gauge* g_gauge = nullptr;
std::atomic<std::uint64_t> g_handled{0};

void on_signal(int) {
  g_counter->inc_async();
  g_fresh->inc_async(2);
  g_gauge->inc();
  g_handled.fetch_add(1, std::memory_order_relaxed);
}

/// Increments of the counter the handler counts too; each may be interrupted between its load and its store.
std::uint64_t count_until(std::uint64_t signals) {
  std::uint64_t n = 0;
  while (g_handled.load(std::memory_order_relaxed) < signals) {
    for (int i = 0; i < 100; ++i) g_counter->inc();
    n += 100;
  }
  return n;
}

/// Registers children, so that the handler interrupts a holder of the registration lock, and system calls that grow the
/// file.
std::uint64_t register_until(std::uint64_t signals) {
  auto& family = weir::default_registry().counter({.name = "registered_total", .help = "R."}, {"i", "padding"});
  const std::string padding(500, 'x');
  std::uint64_t n = 0;
  while (g_handled.load(std::memory_order_relaxed) < signals) {
    const std::string i = std::to_string(n % 4000);
    family.labels(i, padding).inc();
    if (n >= 2000) family.remove({std::to_string((n - 2000) % 4000), padding});
    ++n;
  }
  std::printf("registered %llu\n", static_cast<unsigned long long>(n));
  return 0;
}

/// Sends SIGUSR1 from now on. A timer and not a thread: on a busy machine two threads that share a processor meet once
/// a time slice.
timer_t interrupt_every_microseconds(long microseconds) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  timer_t timer{};
  const itimerspec when{{0, microseconds * 1000}, {0, microseconds * 1000}};
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || ::timer_settime(timer, 0, &when, nullptr) != 0) {
    std::perror("signal_writer: timer");
    std::exit(1);
  }
  return timer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool tight = std::string_view(argv[1]) == "tight";
  const std::uint64_t signals = std::strtoull(argv[2], nullptr, 10);
  weir::set_log_sink(&weir::stderr_log_sink);  // a refused child says so
  weir::Registry& registry = weir::default_registry();
  g_counter = &registry.counter({.name = "counted_total", .help = "C."});
  g_fresh = &registry.counter({.name = "handled_total", .help = "F."});
  g_gauge = &registry.gauge({.name = "g", .help = "G.", .mode = weir::GaugeMode::sum});
  ::alarm(100);  // a deadlock ends here

  struct sigaction action {};
  action.sa_handler = &on_signal;  // without SA_RESTART: system calls are interrupted for good
  ::sigaction(SIGUSR1, &action, nullptr);
  const timer_t timer = interrupt_every_microseconds(20);
  const std::uint64_t counted = tight ? count_until(signals) : register_until(signals);
  ::timer_delete(timer);
  const std::uint64_t handled = g_handled;  // none is pending: timer_delete() delivered or dropped it
  std::printf("counted_total %llu\nhandled_total %llu\ng %llu\n", static_cast<unsigned long long>(counted + handled),
              static_cast<unsigned long long>(2 * handled), static_cast<unsigned long long>(handled));
}
