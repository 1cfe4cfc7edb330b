// What a source showed over time: for each metric its value, its rate, and what changed since watching began.
//
//   Watch watch;
//   watch.add(source.collect(), 0.0);
//   watch.add(source.collect(), 1.0);                       // seconds of any clock that only goes forward
//   for (const WatchedMetric& metric : watch.metrics()) metric.rate ...
//
// What only grows (counters, counts of histograms and summaries) and is met smaller than before began anew at 0, and
// counts as grown by what it is now. A metric that appears while watching grew from 0; one that was away, because a
// file or a server could not be read, goes on from where it was.
//
// Thread safety: none of its own; one thread uses it. Process safety: values only.
// Invariants: I4 (a reading that gave nothing but problems changes no number).
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "watch/metric_shape.h"
#include "watch/quantile.h"
#include "weir/snapshot.h"

namespace weir {

struct WatchedMetric {
  static constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

  MetricShape shape;
  MetricType type = MetricType::unknown;  ///< its family's
  double value = kNotKnown;               ///< of a histogram or summary its count
  double sum = kNotKnown;                 ///< of a histogram or summary
  double rate = kNotKnown;                ///< growth per second between the last two readings
  double change = 0;                      ///< growth since watching began
  std::vector<double> at_start;           ///< a histogram's buckets when watching began, as in shape.bounds
  std::vector<float> past;  ///< what is drawn, oldest first: rates of what grows, else values; at most Watch::kPast

  /// Buckets or quantiles with their values: all of it, or a histogram's observations since watching began.
  std::vector<BucketCount> all(std::span<const double> values) const;
  std::vector<BucketCount> since_start(std::span<const double> values) const;
};

/// True for what only grows, and therefore is best seen as a rate.
bool only_grows(MetricType type) noexcept;

class Watch {
 public:
  static constexpr std::size_t kPast = 120;  ///< readings kept for drawing

  /// One reading, taken at `seconds`. Problems are kept till the next.
  void add(std::shared_ptr<const Collection> reading, double seconds);
  /// Changes are counted from the last reading on.
  void start_anew();

  std::span<const WatchedMetric> metrics() const noexcept { return metrics_; }
  /// Of the last reading that gave anything.
  std::span<const SeriesTable::Family> families() const noexcept { return last_->snapshot.table->families(); }
  std::span<const double> values() const noexcept { return last_->snapshot.values; }
  /// Of the last reading of all.
  const std::vector<Problem>& problems() const noexcept { return problems_; }
  bool is_stale() const noexcept { return is_stale_; }  ///< the last reading gave nothing but problems
  std::size_t readings() const noexcept { return readings_; }
  double elapsed() const noexcept { return elapsed_; }  ///< seconds between the last two readings; 0 before
  /// The metric of that text; null when the last reading has none.
  const WatchedMetric* find(const std::string& text) const;

 private:
  struct Before {
    double value = 0;
    double change = 0;
    std::vector<double> at_start;
    std::vector<float> past;
  };
  void take_shapes();
  void take_values(WatchedMetric& metric, bool is_met_before) const;

  std::shared_ptr<const Collection> last_ = std::make_shared<Collection>();
  std::vector<WatchedMetric> metrics_;
  std::vector<bool> is_met_;  // whether metrics_[i] had a value before
  std::unordered_map<std::string, std::size_t> by_text_;
  std::unordered_map<std::string, Before> away_;  // met before, not in the last reading
  std::vector<Problem> problems_;
  bool is_stale_ = false;
  std::size_t readings_ = 0;
  double at_ = 0;
  double elapsed_ = 0;
};

}  // namespace weir
