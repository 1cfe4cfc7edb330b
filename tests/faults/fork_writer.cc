// Forks at bad moments and says what was counted. faults_fork_writer SCENARIO
//
// Prints `NAME VALUE` lines of what the metrics must show. A child that does not end within ten seconds is ended by
// SIGALRM, which makes the parent fail: nothing here may deadlock (I7).
#include <dirent.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "weir/registry.h"

extern char** environ;

namespace {

using weir::Counter;
using weir::Registry;

constexpr int kForks = 200;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "fork_writer: %s\n", what.c_str());
  std::_Exit(1);
}

/// True when a descriptor of this process is a metrics file.
bool holds_metric_file() {
  DIR* const directory = ::opendir("/proc/self/fd");
  bool found = false;
  while (const dirent* const entry = ::readdir(directory)) {
    char target[4096];
    const ssize_t n = ::readlinkat(::dirfd(directory), entry->d_name, target, sizeof target);
    found =
        found || (n > 0 && std::string_view(target, static_cast<std::size_t>(n)).find(".db") != std::string_view::npos);
  }
  ::closedir(directory);
  return found;
}

void expect_good_end(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0) fail("child ended with status " + std::to_string(status));
}

/// Runs `body` in a child made by fork() and waits for its good end.
void in_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(10);
    body();
    ::_exit(0);
  }
  expect_good_end(child);
}

Registry& registry() { return weir::default_registry(); }

/// Threads that count, register children and come and go, until it is destroyed.
class Commotion {
 public:
  Commotion() {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { count(); });
    threads_.emplace_back([this] { register_children(); });
    threads_.emplace_back([this] { start_threads(); });
  }
  ~Commotion() { stop(); }
  /// Ends the threads; returns how often `shared` was counted.
  std::uint64_t stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return counted_;
  }
  std::uint64_t children() const { return children_; }

 private:
  void count() {
    std::uint64_t n = 0;
    for (; !stop_; ++n) shared_.inc();
    counted_ += n;
  }
  void register_children() {
    auto& family = registry().counter({.name = "registered_total", .help = "R."}, {"i"});
    for (std::uint64_t i = 0; !stop_; ++i) {  // few at once, since each forked child makes cells for all there are
      family.labels(std::to_string(i % 300)).inc();
      ++children_;
      if (i >= 100) family.remove({std::to_string((i - 100) % 300)});
    }
  }
  void start_threads() {
    while (!stop_) {
      std::thread([this] { shared_.inc(); }).join();
      ++counted_;
    }
  }

  Counter& shared_ = registry().counter({.name = "shared_total", .help = "Parent and children."});
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> counted_{0};
  std::atomic<std::uint64_t> children_{0};
  std::vector<std::thread> threads_;
};

void count_in_child(Counter& parents, int number, bool fork_again) {
  if (holds_metric_file()) fail("a child inherited its parent's descriptors");
  const std::string generation = fork_again || number % 8 != 0 ? "child_" : "grandchild_";
  Counter& mine = registry().counter({.name = generation + std::to_string(number % 4) + "_total", .help = "New."});
  if (mine.get() != 0 || parents.get() != 0) fail("a child does not start from zero");
  for (int i = 0; i < 1000; ++i) parents.inc();
  std::thread([&] { parents.inc(); }).join();
  mine.inc(2);
  if (parents.get() != 1001) fail("a child counted wrong");
  if (fork_again) in_child([&] { count_in_child(parents, number, false); });
  if (parents.get() != 1001) fail("a grandchild changed its parent's value");
}

/// fork() while other threads count, register and start threads; children and grandchildren count too.
void storm() {
  // Unregistered on purpose before the commotion: `everyone` is written by children only.
  Counter& everyone = registry().counter({.name = "everyone_total", .help = "Children's."});
  registry().counter({.name = "parent_total", .help = "Before the forks."}).inc(17);
  registry().histogram({.name = "h", .help = "H."}).observe(1);
  registry().gauge({.name = "g", .help = "G.", .mode = weir::GaugeMode::sum}).set(5);
  Commotion commotion;
  std::uint64_t children = 0;
  for (int i = 0; i < kForks; ++i) {
    const bool again = i % 8 == 0;
    in_child([&] { count_in_child(everyone, i, again); });
    children += again ? 2 : 1;
  }
  const std::uint64_t shared = commotion.stop();
  if (everyone.get() != 0) fail("children changed their parent's value");
  std::printf("everyone_total %llu\n", static_cast<unsigned long long>(children * 1001));
  std::printf("shared_total %llu\n", static_cast<unsigned long long>(shared));
  std::printf("parent_total 17\nh_count 1\nh_sum 1\ng 5\n");
  std::printf("registered %llu\n", static_cast<unsigned long long>(commotion.children()));
  std::printf("files %llu\n", static_cast<unsigned long long>(3 + children * 3));
}

/// fork() races the process's very first metric.
void first_use() {
  std::atomic<bool> go{false};
  std::thread first([&] {
    while (!go) {
    }
    registry().counter({.name = "shared_total", .help = "Parent and children."}).inc();
  });
  go = true;
  for (int i = 0; i < 4; ++i) {
    in_child([&] {
      Registry own;
      own.counter({.name = "own_total", .help = "O."}).inc();
    });
  }
  first.join();
  std::printf("shared_total 1\nown_total 4\n");
}

/// _Fork and clone run no fork handlers: their children count in memory, whatever another thread was doing.
void behind_the_back() {
  Counter& counted = registry().counter({.name = "counted_total", .help = "C."});
  weir::Histogram& histogram = registry().histogram({.name = "h", .help = "H."});
  counted.inc(7);
  histogram.observe(1);
  Commotion commotion;
  for (int i = 0; i < kForks; ++i) {
    const pid_t child =
        i % 2 == 0 ? ::_Fork() : static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (child == 0) {
      ::alarm(10);
      for (int k = 0; k < 1000; ++k) counted.inc();
      for (int k = 0; k < 1000; ++k) histogram.observe(2);
      counted.inc_async();
      ::_exit(0);
    }
    expect_good_end(child);
  }
  const std::uint64_t shared = commotion.stop();
  std::printf("counted_total 7\nh_count 1\nshared_total %llu\nfiles 2\n", static_cast<unsigned long long>(shared));
  std::printf("registered %llu\n", static_cast<unsigned long long>(commotion.children()));
}

/// vfork and posix_spawn share the parent's memory and must leave it alone.
void spawn() {
  Counter& counted = registry().counter({.name = "counted_total", .help = "C."});
  Commotion commotion;
  for (int i = 0; i < kForks / 2; ++i) {
    pid_t child = 0;
    char name[] = "/bin/true";
    char* const arguments[] = {name, nullptr};
    if (::posix_spawn(&child, name, nullptr, nullptr, arguments, environ) != 0) fail("posix_spawn");
    counted.inc();
    expect_good_end(child);
    const pid_t quick = ::vfork();
    if (quick == 0) ::_exit(0);
    counted.inc();
    expect_good_end(quick);
  }
  const std::uint64_t shared = commotion.stop();
  std::printf("counted_total %d\nshared_total %llu\nfiles 1\n", kForks, static_cast<unsigned long long>(shared));
  std::printf("registered %llu\n", static_cast<unsigned long long>(commotion.children()));
}

/// Children that never count leave no file.
void silent() {
  registry().counter({.name = "counted_total", .help = "C."}).inc(3);
  for (int i = 0; i < 10; ++i) in_child([] {});
  std::printf("counted_total 3\nfiles 1\n");
}

/// Leaves a child behind that has not counted, then waits to be killed. Prints the child's pid.
void orphan(bool exec) {
  registry().gauge({.name = "alive", .help = "A.", .mode = weir::GaugeMode::livesum}).set(9);
  registry().counter({.name = "counted_total", .help = "C."}).inc(3);
  const pid_t child = ::fork();
  if (child == 0) {
    if (exec) ::execl("/bin/sleep", "sleep", "60", nullptr);
    ::sleep(60);
    ::_exit(0);
  }
  std::printf("child %d\n", static_cast<int>(child));
  std::fflush(stdout);
  ::sleep(60);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string_view, void (*)()> scenarios{
      {"storm", storm},   {"first_use", first_use},          {"behind_the_back", behind_the_back}, {"spawn", spawn},
      {"silent", silent}, {"orphan", [] { orphan(false); }}, {"orphan_exec", [] { orphan(true); }}};
  const auto scenario = argc == 2 ? scenarios.find(argv[1]) : scenarios.end();
  if (scenario == scenarios.end()) return 2;
  scenario->second();
}
