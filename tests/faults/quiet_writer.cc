// Counts ten million times where the kernel kills a thread for any system call but its end (seccomp), and reports page
// faults (I3). faults_quiet_writer [noisy]: noisy makes one system call, to show that the filter is there.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "weir/registry.h"

namespace {

constexpr int kTimes = 10'000'000;

void allow_only_thread_exit() {
  std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("quiet_writer: seccomp");
    std::_Exit(1);
  }
}

/// Minor and major faults of a thread (fields 10 and 12 of its stat).
long faults_of(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  long minor = 0;
  long major = 0;
  for (int field = 3; field < 10; ++field) fields >> skipped;
  fields >> minor >> skipped >> major;
  return minor + major;
}

struct Metrics {
  weir::Registry& registry = weir::default_registry();
  weir::Counter& counter = registry.counter({.name = "counted_total", .help = "C."});
  weir::Family<weir::Counter>& family = registry.counter({.name = "labelled_total", .help = "L."}, {"method", "code"});
  weir::Histogram& histogram = registry.histogram({.name = "h", .help = "H."});
  weir::Summary& summary = registry.summary({.name = "s", .help = "S."});
  weir::Gauge& gauge = registry.gauge({.name = "g_sum", .help = "G.", .mode = weir::GaugeMode::sum});
  weir::Gauge& recent = registry.gauge({.name = "g_recent", .help = "G.", .mode = weir::GaugeMode::mostrecent});

  void write() {
    counter.inc();
    family.labels("GET", "200").inc();
    histogram.observe(0.1);
    summary.observe(3);
    gauge.inc();
    recent.set(4);
  }
};

}  // namespace

int main(int argc, char**) {
  Metrics metrics;
  std::atomic<pid_t> thread{0};
  std::atomic<int> step{0};
  std::thread counting([&] {
    metrics.write();  // first writes make cells
    metrics.write();
    thread = ::gettid();
    allow_only_thread_exit();
    step = 1;
    while (step != 2) {
    }
    if (argc > 1) ::syscall(SYS_getppid);
    for (int i = 0; i < kTimes; ++i) metrics.write();
    step = 3;
    while (step != 4) {
    }
    ::syscall(SYS_exit, 0);  // a thread's normal end makes other calls
  });
  while (step != 1) {
  }
  const long before = faults_of(thread);
  step = 2;
  while (step != 3) ::usleep(1000);
  const long after = faults_of(thread);
  step = 4;
  counting.join();
  std::printf("faults %ld\n", after - before);
}
