// Guards: time a block, count what is in progress, count exceptions.
//
//   { weir::Timer timer(latency); answer(); }                        // observes the seconds the block took
//   { weir::InProgress guard(in_flight); answer(); }                  // +1, and -1 at the end
//   weir::count_exceptions(errors, [&] { answer(); });               // +1 when it throws, and the exception goes on
//   weir::count_exceptions<std::system_error>(errors, [&] { answer(); });
//
// Thread safety: a guard belongs to one thread. Process safety: a guard alive across fork acts in both processes.
#pragma once

#include <chrono>
#include <exception>
#include <utility>

#include "weir/counter.h"
#include "weir/gauge.h"
#include "weir/histogram.h"
#include "weir/summary.h"

namespace weir {

/// Observes (histogram, summary) or sets (gauge) the seconds from its making to its end. The metric must outlive it.
template <typename Metric>
class Timer {
 public:
  explicit Timer(Metric& metric) noexcept : metric_(&metric) {}
  ~Timer() {
    if (metric_ != nullptr) record(*metric_, elapsed());
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Seconds so far, by the steady clock.
  double elapsed() const noexcept {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  /// Records now, and not at the end. Returns the seconds.
  double stop() noexcept {
    const double seconds = elapsed();
    if (metric_ != nullptr) record(*metric_, seconds);
    metric_ = nullptr;
    return seconds;
  }
  /// Records nothing.
  void cancel() noexcept { metric_ = nullptr; }

 private:
  static void record(Histogram& metric, double seconds) noexcept { metric.observe(seconds); }
  static void record(Summary& metric, double seconds) noexcept { metric.observe(seconds); }
  static void record(Gauge& metric, double seconds) noexcept { metric.set(seconds); }

  Metric* metric_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Adds one to a gauge for as long as it lives. The gauge must outlive it, and must not be of a mostrecent mode
/// (ValueError).
class [[nodiscard]] InProgress {
 public:
  explicit InProgress(Gauge& gauge) : gauge_(gauge) { gauge_.inc(); }
  ~InProgress() { gauge_.dec(); }
  InProgress(const InProgress&) = delete;
  InProgress& operator=(const InProgress&) = delete;

 private:
  Gauge& gauge_;
};

/// Calls `function` and returns what it returns; counts one when it throws an `Exception`, which goes on its way.
template <typename Exception = void, typename Function>
decltype(auto) count_exceptions(Counter& counter, Function&& function) {
  if constexpr (std::is_void_v<Exception>) {
    try {
      return std::forward<Function>(function)();
    } catch (...) {
      counter.inc();
      throw;
    }
  } else {
    try {
      return std::forward<Function>(function)();
    } catch (const Exception&) {
      counter.inc();
      throw;
    }
  }
}

}  // namespace weir
