// Weir's own: the calls a program makes, in memory or in files; what files hold is read back as a scrape would.
#include <fmt/format.h>

#include <string>

#include "count/subject.h"
#include "harness/report.h"
#include "weir/multiprocess.h"
#include "weir/registry.h"

namespace weir::bench {
namespace {

class Weir : public Subject {
 public:
  explicit Weir(const std::filesystem::path& directory)
      : directory_(directory), registry_(directory.empty() ? memory_storage() : file_storage(directory)) {}

 protected:
  Registry& registry() { return registry_; }
  static std::string differ(const std::string& what, double got, double want) {
    return got == want ? std::string() : fmt::format("weir: {} is {} instead of {}", what, got, want);
  }
  /// The sum of the samples of that name as a scrape shows them: of the files, else of the registry.
  double scraped(const std::string& sample) {
    std::shared_ptr<const Collection> seen = registry_.collect();
    if (!directory_.empty()) seen = MultiProcessCollector(directory_).collect();
    double all = 0;
    for (const MetricFamily& family : families(seen->snapshot)) {
      for (const Sample& one : family.samples) all += one.name == sample ? one.value : 0;
    }
    return all;
  }

 private:
  std::filesystem::path directory_;
  Registry registry_;
};

double sum_of_block() {
  double all = 0;
  for (const double v : inputs().observations) all += v;
  return all;
}

class WeirCounter final : public Weir {
 public:
  WeirCounter(const std::string& name, const std::filesystem::path& directory)
      : Weir(directory), name_(name), counter_(registry().counter({.name = name, .help = "Bench."})) {}
  [[gnu::noinline]] void run(std::size_t blocks, std::size_t) override {
    Counter& counter = counter_;
    for (std::size_t i = 0; i < blocks * kBlock; ++i) {
      compiler_barrier();
      counter.inc();
    }
  }
  std::string fault(std::size_t blocks) override {
    return differ(name_, scraped(name_ + "_total"), static_cast<double>(blocks * kBlock));
  }

 private:
  std::string name_;
  Counter& counter_;
};

class WeirGauge final : public Weir {
 public:
  WeirGauge(const std::string& name, const std::filesystem::path& directory, GaugeMode mode)
      : Weir(directory), name_(name), gauge_(registry().gauge({.name = name, .help = "Bench.", .mode = mode})) {}
  [[gnu::noinline]] void run(std::size_t blocks, std::size_t) override {
    Gauge& gauge = gauge_;
    for (std::size_t block = 0; block < blocks; ++block) {
      for (const double v : inputs().observations) {
        compiler_barrier();
        gauge.set(v);
      }
    }
  }
  std::string fault(std::size_t) override { return differ(name_, scraped(name_), inputs().observations.back()); }

 private:
  std::string name_;
  Gauge& gauge_;
};

class WeirHistogram final : public Weir {
 public:
  WeirHistogram(const std::string& name, const std::filesystem::path& directory)
      : Weir(directory), name_(name), histogram_(registry().histogram({.name = name, .help = "Bench."})) {}
  [[gnu::noinline]] void run(std::size_t blocks, std::size_t) override {
    Histogram& histogram = histogram_;
    for (std::size_t block = 0; block < blocks; ++block) {
      for (const double v : inputs().observations) {
        compiler_barrier();
        histogram.observe(v);
      }
    }
  }
  std::string fault(std::size_t blocks) override {
    const auto n = static_cast<double>(blocks);
    const std::vector<double> bounds = default_buckets();
    std::vector<double> want(bounds.size());
    for (const double v : inputs().observations) {
      std::size_t bucket = 0;
      while (v > bounds[bucket]) ++bucket;
      want[bucket] += n;
    }
    const std::vector<double> got = histogram_.bucket_counts();
    std::string fault = got == want ? std::string() : fmt::format("weir: buckets of {} differ", name_);
    if (fault.empty()) fault = differ(name_ + "_count", scraped(name_ + "_count"), n * kBlock);
    return fault.empty() ? differ(name_ + "_sum", scraped(name_ + "_sum"), n * sum_of_block()) : fault;
  }

 private:
  std::string name_;
  Histogram& histogram_;
};

class WeirSummary final : public Weir {
 public:
  WeirSummary(const std::string& name, const std::filesystem::path& directory)
      : Weir(directory), name_(name), summary_(registry().summary({.name = name, .help = "Bench."})) {}
  [[gnu::noinline]] void run(std::size_t blocks, std::size_t) override {
    Summary& summary = summary_;
    for (std::size_t block = 0; block < blocks; ++block) {
      for (const double v : inputs().observations) {
        compiler_barrier();
        summary.observe(v);
      }
    }
  }
  std::string fault(std::size_t blocks) override {
    const auto n = static_cast<double>(blocks);
    const std::string fault = differ(name_ + "_count", scraped(name_ + "_count"), n * kBlock);
    return fault.empty() ? differ(name_ + "_sum", scraped(name_ + "_sum"), n * sum_of_block()) : fault;
  }

 private:
  std::string name_;
  Summary& summary_;
};

class WeirLabels final : public Weir {
 public:
  WeirLabels(const std::string& name, const std::filesystem::path& directory)
      : Weir(directory),
        name_(name),
        family_(registry().counter({.name = name, .help = "Bench."}, {"method", "path"})) {}
  [[gnu::noinline]] void run(std::size_t blocks, std::size_t) override {
    Family<Counter>& family = family_;
    for (std::size_t block = 0; block < blocks; ++block) {
      for (const auto& [a, b] : inputs().labels) {
        compiler_barrier();
        family.labels(a, b).inc();
      }
    }
  }
  std::string fault(std::size_t blocks) override {
    std::array<double, kChildren> want{};
    for (const std::size_t child : inputs().child) want[child] += static_cast<double>(blocks);
    std::string fault = differ(name_, scraped(name_ + "_total"), static_cast<double>(blocks * kBlock));
    for (std::size_t i = 0; i < kChildren && fault.empty(); ++i) {
      const auto& [a, b] = inputs().names[i];
      fault = differ(fmt::format("{}{{{},{}}}", name_, a, b), family_.labels(a, b).get(), want[i]);
    }
    return fault;
  }

 private:
  std::string name_;
  Family<Counter>& family_;
};

}  // namespace

std::unique_ptr<Subject> make_weir(Kind kind, const std::string& name, const std::filesystem::path& directory) {
  switch (kind) {
    case Kind::counter:
      return std::make_unique<WeirCounter>(name, directory);
    case Kind::gauge:
      return std::make_unique<WeirGauge>(name, directory, GaugeMode::sum);
    case Kind::recent_gauge:
      return std::make_unique<WeirGauge>(name, directory, GaugeMode::mostrecent);
    case Kind::histogram:
      return std::make_unique<WeirHistogram>(name, directory);
    case Kind::summary:
      return std::make_unique<WeirSummary>(name, directory);
    case Kind::labels:
      break;
  }
  return std::make_unique<WeirLabels>(name, directory);
}

}  // namespace weir::bench
