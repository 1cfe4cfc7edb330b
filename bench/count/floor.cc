// The floors: what each kind of counting needs at the least, in a shared mapping of a file, with nothing around it.
#include <emmintrin.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "count/subject.h"
#include "harness/report.h"
#include "weir/buckets.h"

namespace weir::bench {

using Value = std::atomic<double>;
/// The calling thread's values. Not static: a barrier makes the compiler load it anew for each call.
extern constinit thread_local Value* t_values;
constinit thread_local Value* t_values = nullptr;

namespace {

constexpr std::size_t kThreadValues = 8192;
constexpr std::size_t kLine = 8;  // values in a cache line: neighbours do not share one

void bump(Value& value, double amount) noexcept {
  value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

class Floor : public Subject {
 public:
  Floor(const std::filesystem::path& directory, std::size_t threads) : threads_(threads) {
    static int number = 0;
    const std::filesystem::path path = directory / fmt::format("floor_{}", number++);
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const std::size_t bytes = threads * kThreadValues * sizeof(Value);
    if (file < 0 || ftruncate(file, static_cast<off_t>(bytes)) != 0)
      throw std::runtime_error("cannot write " + path.string());
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) throw std::runtime_error("cannot map " + path.string());
    values_ = static_cast<Value*>(memory);
  }
  void run(std::size_t blocks, std::size_t thread) final {
    t_values = values_ + thread * kThreadValues;
    for (std::size_t block = 0; block < blocks; ++block) run_block();
  }

 protected:
  /// Of all threads.
  double sum(std::size_t value) const {
    double all = 0;
    for (std::size_t t = 0; t < threads_; ++t) all += values_[t * kThreadValues + value];
    return all;
  }
  static std::string differ(const char* what, double got, double want) {
    return got == want ? std::string() : fmt::format("floor: {} is {} instead of {}", what, got, want);
  }

 private:
  virtual void run_block() noexcept = 0;
  std::size_t threads_;
  Value* values_;
};

class CounterFloor final : public Floor {
 public:
  using Floor::Floor;
  std::string fault(std::size_t blocks) override {
    return differ("value", sum(0), static_cast<double>(blocks * kBlock));
  }

 private:
  [[gnu::noinline]] void run_block() noexcept override {
    for (std::size_t i = 0; i < kBlock; ++i) {
      compiler_barrier();
      bump(t_values[0], 1.0);
    }
  }
};

class GaugeFloor final : public Floor {
 public:
  using Floor::Floor;
  std::string fault(std::size_t) override { return differ("value", sum(0), inputs().observations.back()); }

 private:
  [[gnu::noinline]] void run_block() noexcept override {
    Value& value = t_values[0];
    for (const double v : inputs().observations) value.store(v, std::memory_order_relaxed);
  }
};

class RecentGaugeFloor final : public Floor {
 public:
  using Floor::Floor;
  std::string fault(std::size_t) override { return differ("value", sum(0), inputs().observations.back()); }

 private:
  [[gnu::noinline]] void run_block() noexcept override {
    Value* const values = t_values;
    for (const double v : inputs().observations) {
      values[0].store(v, std::memory_order_relaxed);
      values[1].store(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(),
                      std::memory_order_relaxed);
    }
  }
};

class HistogramFloor final : public Floor {
 public:
  HistogramFloor(const std::filesystem::path& directory, std::size_t threads) : Floor(directory, threads) {
    const std::vector<double> bounds = default_buckets();
    for (std::size_t i = 0; i < 14; ++i) bounds_[i] = bounds[i];
  }
  std::string fault(std::size_t blocks) override {
    double observed = 0;
    std::array<double, 15> want{};
    for (const double v : inputs().observations) {
      observed += v;
      std::size_t bucket = 0;
      while (bucket < 14 && v > bounds_[bucket]) ++bucket;
      want[bucket] += 1;
    }
    const auto n = static_cast<double>(blocks);
    std::string fault = differ("sum", sum(15 * kLine), observed * n);
    for (std::size_t i = 0; i < 15 && fault.empty(); ++i) fault = differ("bucket", sum(i * kLine), want[i] * n);
    return fault;
  }

 private:
  /// Bounds below the value: seven comparisons of two bounds each, and no branch to mispredict.
  std::size_t bucket_of(double value) const noexcept {
    const __m128d v = _mm_set1_pd(value);
    __m128i below = _mm_setzero_si128();
    for (std::size_t i = 0; i < 14; i += 2) {
      below = _mm_sub_epi64(below, _mm_castpd_si128(_mm_cmplt_pd(_mm_load_pd(&bounds_[i]), v)));
    }
    return static_cast<std::size_t>(_mm_cvtsi128_si64(below) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(below, below)));
  }
  [[gnu::noinline]] void run_block() noexcept override {
    for (const double v : inputs().observations) {
      compiler_barrier();
      Value* const values = t_values;
      bump(values[bucket_of(v) * kLine], 1.0);
      bump(values[15 * kLine], v);
    }
  }
  alignas(16) std::array<double, 14> bounds_;
};

class SummaryFloor final : public Floor {
 public:
  using Floor::Floor;
  std::string fault(std::size_t blocks) override {
    double observed = 0;
    for (const double v : inputs().observations) observed += v;
    const auto n = static_cast<double>(blocks);
    const std::string fault = differ("sum", sum(kLine), observed * n);
    return fault.empty() ? differ("count", sum(0), n * kBlock) : fault;
  }

 private:
  [[gnu::noinline]] void run_block() noexcept override {
    for (const double v : inputs().observations) {
      compiler_barrier();
      Value* const values = t_values;
      bump(values[0], 1.0);
      bump(values[kLine], v);
    }
  }
};

/// One hash of the two strings, of whatever length, one probe of a table that holds the strings' hash and place, one
/// comparison of each string, and the add.
class LabelsFloor final : public Floor {
 public:
  LabelsFloor(const std::filesystem::path& directory, std::size_t threads)
      : Floor(directory, threads), names_(inputs().names), table_(2048) {
    for (std::size_t i = 0; i < kChildren; ++i) {
      const auto& [a, b] = names_[i];
      const std::uint64_t h = hash(a, b);
      std::size_t at = h & (table_.size() - 1);
      while (table_[at].hash != 0) at = (at + 1) & (table_.size() - 1);
      table_[at] = {h, i, a, b};
    }
  }
  std::string fault(std::size_t blocks) override {
    std::array<double, kChildren> want{};
    for (const std::size_t child : inputs().child) want[child] += static_cast<double>(blocks);
    std::string fault;
    for (std::size_t i = 0; i < kChildren && fault.empty(); ++i) fault = differ("child", sum(i * kLine), want[i]);
    return fault;
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::size_t number = 0;
    std::string_view a;
    std::string_view b;
  };

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  /// The two words that overlap where the string is short; more of them where it is long.
  static std::uint64_t hash(std::uint64_t h, std::string_view text) noexcept {
    const char* data = text.data();
    std::size_t n = text.size();
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    for (; n > 16; n -= 16, data += 16) {
      std::memcpy(&first, data, 8);
      std::memcpy(&second, data + 8, 8);
      h = fold(h ^ first, 0xe7037ed1a0b428dbU ^ second);
    }
    if (n >= 8) {
      std::memcpy(&first, data, 8);
      std::memcpy(&second, data + n - 8, 8);
    } else if (n >= 4) {
      std::memcpy(&first, data, 4);
      std::memcpy(&second, data + n - 4, 4);
    } else if (n > 0) {
      first = static_cast<unsigned char>(data[0]) | std::uint64_t{static_cast<unsigned char>(data[n / 2])} << 8U;
      second = static_cast<unsigned char>(data[n - 1]);
    }
    return fold(h ^ first ^ text.size(), 0xe7037ed1a0b428dbU ^ second);
  }
  static std::uint64_t hash(std::string_view a, std::string_view b) noexcept {
    return hash(hash(0x9e3779b97f4a7c15U, a), b);
  }
  [[gnu::noinline]] void run_block() noexcept override {
    const std::size_t mask = table_.size() - 1;
    for (const auto& [a, b] : inputs().labels) {
      compiler_barrier();
      const std::uint64_t h = hash(a, b);
      std::size_t at = h & mask;
      while (table_[at].hash != h || table_[at].a != a || table_[at].b != b) at = (at + 1) & mask;
      bump(t_values[table_[at].number * kLine], 1.0);
    }
  }
  const std::array<std::pair<std::string, std::string>, kChildren> names_;  // not the strings it is asked with
  std::vector<Entry> table_;
};

}  // namespace

std::unique_ptr<Subject> make_floor(Kind kind, const std::filesystem::path& directory, std::size_t threads) {
  switch (kind) {
    case Kind::counter:
      return std::make_unique<CounterFloor>(directory, threads);
    case Kind::gauge:
      return std::make_unique<GaugeFloor>(directory, threads);
    case Kind::recent_gauge:
      return std::make_unique<RecentGaugeFloor>(directory, threads);
    case Kind::histogram:
      return std::make_unique<HistogramFloor>(directory, threads);
    case Kind::summary:
      return std::make_unique<SummaryFloor>(directory, threads);
    case Kind::labels:
      break;
  }
  return std::make_unique<LabelsFloor>(directory, threads);
}

}  // namespace weir::bench
