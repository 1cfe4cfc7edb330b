// Times of rivals doing the same work, in interleaved rounds, as one JSON line a row on stdout for bench/run.py.
//
//   Row row("counter inc", "ns");
//   row.time("floor", [&](std::size_t round) { … return seconds_per_call; });
//   row.time("weir",  [&](std::size_t round) { … });
//   row.run(rounds);   row.wrong("weir counted 3 instead of 4");   row.print();
//
// Times are CPU time of the thread that works, not the clock on the wall: what is measured here never waits, and a
// machine that others use too would otherwise measure them. Thread safety: one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace weir::bench {

/// CPU seconds the calling thread has used.
double thread_seconds();

/// CPU seconds of `work`.
template <typename Work>
double seconds_of(Work&& work) {
  const double began = thread_seconds();
  std::forward<Work>(work)();
  return thread_seconds() - began;
}

/// Keeps the compiler from moving memory accesses over this place, as a call to unknown code between two counts would.
inline void compiler_barrier() noexcept { asm volatile("" ::: "memory"); }

class Row {
 public:
  /// `unit`: ns, ms, 1/s, MB.
  Row(std::string work, std::string unit) : work_(std::move(work)), unit_(std::move(unit)) {}

  /// Adds a rival; `measure` gives one figure in the row's unit.
  void time(std::string rival, std::function<double(std::size_t round)> measure);
  /// Runs all rivals `rounds` times, in turns, after one round that is not counted.
  void run(std::size_t rounds);
  /// A figure that was measured elsewhere.
  void figure(const std::string& rival, double value);
  /// Says that a rival's result was not the truth. Only the first is kept.
  void wrong(const std::string& message);
  void print() const;

 private:
  struct Rival {
    std::string name;
    std::function<double(std::size_t)> measure;
    std::vector<double> figures;
  };
  std::string work_;
  std::string unit_;
  std::vector<Rival> rivals_;
  std::string fault_;
};

}  // namespace weir::bench
