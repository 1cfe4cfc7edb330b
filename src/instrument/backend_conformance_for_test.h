// One suite for every backend and storage: the same calls give the same values, whatever holds them (contract B5), and
// where other processes can read them, the same totals are read there.
//
//   const ConformingStorage kEvery[] = {{"Memory", [] { return std::make_unique<MemoryUnderTest>(); }}};
//   INSTANTIATE_TEST_SUITE_P(Backends, EveryBackend, testing::ValuesIn(kEvery), conforming_name);
//
// One test program includes this in one of its files, which brings the tests and instantiates them over its storages.
// What readers of the storage see otherwise than the registry shows, a test says by read_elsewhere().
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "weir/backend.h"
#include "weir/error.h"
#include "weir/registry.h"
#include "weir/timer.h"

namespace weir {

/// A storage and what is its own way. Lives longer than the registry that uses it.
class StorageUnderTest {
 public:
  virtual ~StorageUnderTest() = default;
  virtual Storage& storage() = 0;
  virtual std::string_view backend_name() const = 0;
  /// What a removed child holds when it returns: what it counted before (its series goes on), or nothing.
  virtual bool keeps_removed() const { return false; }
  /// The same of an enum's state, which not every storage can hold.
  virtual bool keeps_removed_enum() const { return keeps_removed(); }
  /// How often a thread counts: fewer where each call waits for a server.
  virtual int counts_a_thread() const { return 10000; }
  /// What readers see of a histogram's sum that is not a number (false: the sum stays as it was), and of an enum nobody
  /// has set (false: it is in no state).
  virtual bool ships_nan() const { return true; }
  virtual bool ships_first_state() const { return true; }
  /// Compares what other processes read with what the registry shows, at the end of each test. `differ` has the values
  /// of series that are read otherwise, or that the registry no longer shows.
  virtual void expect_same_elsewhere(Registry& /*registry*/, const std::map<std::string, double>& /*differ*/) {}
};

struct ConformingStorage {
  std::string name;
  std::function<std::unique_ptr<StorageUnderTest>()> make;
};

inline std::string conforming_name(const testing::TestParamInfo<ConformingStorage>& suite) { return suite.param.name; }
inline void PrintTo(const ConformingStorage& storage, std::ostream* out) { *out << storage.name; }

class EveryBackend : public testing::TestWithParam<ConformingStorage> {
 protected:
  EveryBackend() : under_test_(GetParam().make()), registry_(under_test_->storage()) {}
  void TearDown() override { under_test_->expect_same_elsewhere(registry_, differ_); }

  const StorageUnderTest& under_test() const { return *under_test_; }
  void read_elsewhere(const std::string& series, double value) { differ_[series] = value; }
  double value_of(const std::string& series) {
    const auto collection = registry_.collect();
    for (std::size_t i = 0; i < collection->snapshot.table->size(); ++i) {
      if (collection->snapshot.table->series(i) == series) return collection->snapshot.values[i];
    }
    ADD_FAILURE() << "no series " << series;
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::vector<std::string> series() {
    std::vector<std::string> all;
    const auto collection = registry_.collect();
    for (std::size_t i = 0; i < collection->snapshot.table->size(); ++i)
      all.emplace_back(collection->snapshot.table->series(i));
    return all;
  }

 private:
  std::unique_ptr<StorageUnderTest> under_test_;  // outlives the registry
  std::map<std::string, double> differ_;

 protected:
  Registry registry_;
};

TEST_P(EveryBackend, CounterAddsUp) {
  Counter& counter = registry_.counter({.name = "jobs", .help = "Jobs."});
  counter.inc();
  counter.inc(2.5);
  counter.inc(0);
  EXPECT_EQ(counter.get(), 3.5);
  EXPECT_EQ(value_of("jobs_total"), 3.5);
}

TEST_P(EveryBackend, CounterRefusesToGoDown) {
  Counter& counter = registry_.counter({.name = "jobs_total", .help = "Jobs."});
  EXPECT_THROW(counter.inc(-1), ValueError);
  EXPECT_THROW(counter.inc(std::numeric_limits<double>::quiet_NaN()), ValueError);
  EXPECT_EQ(counter.get(), 0);
}

TEST_P(EveryBackend, GaugeGoesUpAndDown) {
  Gauge& gauge = registry_.gauge({.name = "depth", .help = "Depth.", .mode = GaugeMode::sum});
  gauge.set(10);
  gauge.inc();
  gauge.inc(2);
  gauge.dec();
  gauge.dec(4);
  EXPECT_EQ(gauge.get(), 8);
  EXPECT_EQ(value_of("depth"), 8);
}

TEST_P(EveryBackend, MostrecentGaugeKeepsWhatWasSetLast) {
  Gauge& gauge = registry_.gauge({.name = "config_hash", .help = "Hash.", .mode = GaugeMode::mostrecent});
  gauge.set(10);
  gauge.set(7);
  EXPECT_EQ(value_of("config_hash"), 7);
  EXPECT_THROW(gauge.inc(), ValueError);
  EXPECT_THROW(gauge.dec(2), ValueError);
  EXPECT_EQ(gauge.get(), 7);
}

TEST_P(EveryBackend, AsynchronousIncrementsArriveWithTheNextOrTheCollection) {
  Counter& jobs = registry_.counter({.name = "jobs", .help = "J."});
  jobs.inc();
  jobs.inc_async(2);
  EXPECT_EQ(value_of("jobs_total"), 3);
  jobs.inc_async(4);
  jobs.inc();
  EXPECT_EQ(jobs.get(), 8);
}

TEST_P(EveryBackend, GaugeTakesTheTime) {
  Gauge& gauge = registry_.gauge({.name = "started_at", .help = "Start."});
  gauge.set_to_current_time();
  EXPECT_NEAR(gauge.get(), static_cast<double>(std::time(nullptr)), 5);
}

TEST_P(EveryBackend, GaugeFunctionIsCalledAtEachCollection) {
  Gauge& gauge = registry_.gauge({.name = "live", .help = "Live."});
  double now = 1;
  gauge.set_function([&] { return now++; });
  EXPECT_EQ(value_of("live"), 1);
  EXPECT_EQ(value_of("live"), 2);
  gauge.set_function({});
  EXPECT_EQ(value_of("live"), 2);
}

TEST_P(EveryBackend, HistogramCountsInTheFirstBucketNotBelow) {
  Histogram& latency = registry_.histogram({.name = "latency", .help = "L.", .buckets = {1, 2, 4}});
  for (const double v : {0.5, 1.0, 1.5, 4.0, 100.0}) latency.observe(v);
  EXPECT_THAT(latency.bucket_counts(), testing::ElementsAre(2, 1, 1, 1));
  EXPECT_EQ(latency.sum(), 107);
  EXPECT_EQ(latency.count(), 5);
  EXPECT_EQ(value_of("latency_bucket{le=\"1.0\"}"), 2);
  EXPECT_EQ(value_of("latency_bucket{le=\"4.0\"}"), 4);
  EXPECT_EQ(value_of("latency_bucket{le=\"+Inf\"}"), 5);
  EXPECT_EQ(value_of("latency_count"), 5);
  EXPECT_EQ(value_of("latency_sum"), 107);
}

TEST_P(EveryBackend, HistogramCountsNaNAndInfinityAsInf) {
  Histogram& latency = registry_.histogram({.name = "latency", .help = "L.", .buckets = {1, 2}});
  latency.observe(std::numeric_limits<double>::quiet_NaN());
  latency.observe(std::numeric_limits<double>::infinity());
  latency.observe(-std::numeric_limits<double>::infinity());
  EXPECT_THAT(latency.bucket_counts(), testing::ElementsAre(1, 0, 2));
  if (!under_test().ships_nan()) read_elsewhere("latency_sum", 0);
}

TEST_P(EveryBackend, HistogramOfManyBucketsAgreesWithASearch) {
  const std::vector<double> bounds = exponential_buckets(0.001, 1.1, 100);
  Histogram& latency = registry_.histogram({.name = "latency", .help = "L.", .buckets = bounds});
  std::vector<double> expected(bounds.size(), 0);
  for (double v = 0.0005; v < 20; v *= 1.013) {
    latency.observe(v);
    ++expected[static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), v) - bounds.begin())];
  }
  EXPECT_EQ(latency.bucket_counts(), expected);
}

TEST_P(EveryBackend, SummaryCountsAndAdds) {
  Summary& size = registry_.summary({.name = "size", .help = "S."});
  size.observe(3);
  size.observe(4.5);
  EXPECT_EQ(size.count(), 2);
  EXPECT_EQ(size.sum(), 7.5);
  EXPECT_EQ(value_of("size_count"), 2);
  EXPECT_EQ(value_of("size_sum"), 7.5);
}

TEST_P(EveryBackend, InfoShowsItsNewestLabels) {
  Info& build = registry_.info({.name = "build", .help = "B."});
  EXPECT_THAT(series(), testing::IsEmpty());
  build.set({{"version", "1"}});
  build.set({{"version", "2"}, {"arch", "x"}});
  EXPECT_THAT(series(), testing::ElementsAre("build_info{arch=\"x\",version=\"2\"}"));
  build.set({{"version", "1"}});
  EXPECT_THAT(series(), testing::ElementsAre("build_info{version=\"1\"}"));
  read_elsewhere("build_info{arch=\"x\",version=\"2\"}", 0);
  EXPECT_EQ(value_of("build_info{version=\"1\"}"), 1);
  EXPECT_THROW(build.set({{"__reserved", "1"}}), ValueError);
}

TEST_P(EveryBackend, EnumIsInOneState) {
  Enum& state = registry_.enumeration({.name = "phase", .help = "P.", .states = {"starting", "running", "stopped"}});
  EXPECT_EQ(state.state(), "starting");
  EXPECT_EQ(value_of("phase{phase=\"starting\"}"), 1);
  state.state("running");
  EXPECT_EQ(state.state(), "running");
  EXPECT_EQ(value_of("phase{phase=\"starting\"}"), 0);
  EXPECT_EQ(value_of("phase{phase=\"running\"}"), 1);
  EXPECT_THROW(state.state("asleep"), ValueError);
  EXPECT_EQ(state.state(), "running");
}

TEST_P(EveryBackend, EnumNobodySetIsInItsFirstState) {
  registry_.enumeration({.name = "phase", .help = "P.", .states = {"a", "b"}});
  EXPECT_EQ(value_of("phase{phase=\"a\"}"), 1);
  EXPECT_EQ(value_of("phase{phase=\"b\"}"), 0);
  if (!under_test().ships_first_state()) read_elsewhere("phase{phase=\"a\"}", 0);
}

TEST_P(EveryBackend, EnumThatReturnsIsInTheStateItWasIn) {
  auto& phase = registry_.enumeration({.name = "phase", .help = "P.", .states = {"a", "b"}}, {"w"});
  phase.labels("1").state("b");
  phase.remove({"1"});
  const auto& again = phase.labels("1");
  const double sum = value_of("phase{phase=\"a\",w=\"1\"}") + value_of("phase{phase=\"b\",w=\"1\"}");
  EXPECT_EQ(sum, 1) << "one state at a time";
  EXPECT_EQ(again.state(), under_test().keeps_removed_enum() ? "b" : "a") << "files keep what was said";
}

TEST_P(EveryBackend, LabelsByPositionAndByNameAreOneChild) {
  auto& requests = registry_.counter({.name = "requests", .help = "R."}, {"method", "code"});
  requests.labels("GET", "200").inc();
  requests.labels({{"code", "200"}, {"method", "GET"}}).inc(2);
  requests.labels(std::string("GET"), std::string_view("404")).inc();
  EXPECT_EQ(&requests.labels("GET", "200"), &requests.labels({{"method", "GET"}, {"code", "200"}}));
  EXPECT_EQ(value_of("requests_total{code=\"200\",method=\"GET\"}"), 3);
  EXPECT_EQ(requests.size(), 2U);
}

TEST_P(EveryBackend, ConstantLabelsStandOnEverySeries) {
  auto& latency = registry_.histogram(
      {.name = "latency", .help = "L.", .buckets = {1}, .constant_labels = {{"app", "shop"}}}, {"path"});
  latency.labels("/").observe(0.5);
  EXPECT_THAT(series(),
              testing::ElementsAre("latency_bucket{app=\"shop\",le=\"1.0\",path=\"/\"}",
                                   "latency_bucket{app=\"shop\",le=\"+Inf\",path=\"/\"}",
                                   "latency_count{app=\"shop\",path=\"/\"}", "latency_sum{app=\"shop\",path=\"/\"}"));
}

TEST_P(EveryBackend, RemovedChildIsNotShown) {
  auto& requests = registry_.counter({.name = "requests", .help = "R."}, {"method"});
  requests.labels("GET").inc(5);
  requests.labels("PUT").inc(6);
  EXPECT_TRUE(requests.remove({"GET"}));
  EXPECT_FALSE(requests.remove({"GET"}));
  EXPECT_THAT(series(), testing::ElementsAre("requests_total{method=\"PUT\"}"));
  requests.clear();
  EXPECT_THAT(series(), testing::IsEmpty());
  read_elsewhere("requests_total{method=\"GET\"}", 5);
  read_elsewhere("requests_total{method=\"PUT\"}", 6);
}

TEST_P(EveryBackend, CounterThatReturnsGoesOnWhereOthersReadIt) {
  auto& requests = registry_.counter({.name = "requests", .help = "R."}, {"method"});
  requests.labels("GET").inc(5);
  requests.remove({"GET"});
  requests.labels("GET").inc(2);
  EXPECT_EQ(value_of("requests_total{method=\"GET\"}"), under_test().keeps_removed() ? 7 : 2);
}

TEST_P(EveryBackend, ExemplarsOfCountersAndBucketsAreCollected) {
  Counter& jobs = registry_.counter({.name = "jobs", .help = "J."});
  Histogram& latency = registry_.histogram({.name = "latency", .help = "L.", .buckets = {1, 2}});
  jobs.inc(1, {{"trace_id", "old"}});
  jobs.inc(2, {{"trace_id", "new"}});
  latency.observe(1.5, {{"trace_id", "t"}});
  const auto collection = registry_.collect();
  const auto& exemplars = collection->snapshot.exemplars;
  ASSERT_EQ(exemplars.size(), 2U);
  EXPECT_EQ(collection->snapshot.table->series(exemplars[0].series), "jobs_total");
  EXPECT_EQ(exemplars[0].exemplar.labels, (Labels{{"trace_id", "new"}}));
  EXPECT_EQ(exemplars[0].exemplar.value, 2);
  EXPECT_GT(exemplars[0].exemplar.timestamp, 1e9);
  EXPECT_EQ(collection->snapshot.table->series(exemplars[1].series), "latency_bucket{le=\"2.0\"}");
  EXPECT_THROW(jobs.inc(1, {{"trace_id", std::string(121, 'x')}}), ValueError);
  EXPECT_NO_THROW(jobs.inc(1, {{"trace_id", std::string(120, 'x')}}));
}

TEST_P(EveryBackend, ThreadsCountTogetherExactly) {
  Counter& jobs = registry_.counter({.name = "jobs", .help = "J."});
  Histogram& latency = registry_.histogram({.name = "latency", .help = "L.", .buckets = {1, 2}});
  Gauge& depth = registry_.gauge({.name = "depth", .help = "D."});
  const int count = under_test().counts_a_thread();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < count; ++i) {
        jobs.inc();
        latency.observe(i % 3);
        depth.inc();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(jobs.get(), 4 * count);
  EXPECT_EQ(latency.count(), 4 * count);
  EXPECT_EQ(depth.get(), 4 * count);
}

TEST_P(EveryBackend, GuardsTimeAndCount) {
  Histogram& latency = registry_.histogram({.name = "latency", .help = "L."});
  Gauge& last = registry_.gauge({.name = "last", .help = "L."});
  Gauge& in_flight = registry_.gauge({.name = "in_flight", .help = "I."});
  Counter& errors = registry_.counter({.name = "errors", .help = "E."});
  {
    const Timer timer(latency);
    Timer other(last);
    EXPECT_GE(other.stop(), 0);
    Timer cancelled(latency);
    cancelled.cancel();
    const InProgress guard(in_flight);
    EXPECT_EQ(in_flight.get(), 1);
  }
  EXPECT_EQ(latency.count(), 1);
  EXPECT_EQ(in_flight.get(), 0);
  EXPECT_EQ(count_exceptions(errors, [] { return 7; }), 7);
  EXPECT_THROW(count_exceptions(errors, []() -> int { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_THROW(count_exceptions<std::logic_error>(errors, [] { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_THROW(count_exceptions<std::runtime_error>(errors, [] { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_EQ(errors.get(), 2);
}

TEST_P(EveryBackend, MetricTellsItsBackend) {
  EXPECT_EQ(registry_.counter({.name = "jobs", .help = "J."}).backend_name(), under_test().backend_name());
}

}  // namespace weir
