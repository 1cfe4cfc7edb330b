#include "instrument/backend_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "weir/log.h"
#include "weir/registry.h"

namespace weir {
namespace {

// A backend whose every call fails once the switch is on.
class Failing : public Backend {
 public:
  void inc(double amount) override {
    change([&] { value_ += amount; });
  }
  void dec(double amount) override {
    change([&] { value_ -= amount; });
  }
  void set(double value) override {
    change([&] { value_ = value; });
  }
  double get() const override {
    if (broken) throw std::runtime_error("disk gone");
    return value_;
  }
  static inline bool broken = false;

 private:
  void change(const std::function<void()>& call) {
    if (broken) throw std::runtime_error("disk gone");
    call();
  }
  double value_ = 0;
};

class BackendStorageTest : public testing::Test {
 protected:
  BackendStorageTest()
      : before_(set_log_sink([](LogLevel, std::string_view line) noexcept { said_.append(line).append("\n"); })) {
    said_.clear();
    Failing::broken = false;
  }
  ~BackendStorageTest() override { set_log_sink(before_); }

  static inline std::string said_;
  LogSink before_;
  BackendStorage storage_{
      "Failing", {}, [](const BackendConfig&, const BackendMetric&, const std::optional<std::string>&) {
        return std::make_unique<Failing>();
      }};
  Registry registry_{storage_};
};

TEST_F(BackendStorageTest, FailureOfEveryVerbIsLoggedAndNeverReachesTheProgram) {
  Counter& counter = registry_.counter({.name = "c", .help = ""});
  Gauge& gauge = registry_.gauge({.name = "g", .help = ""});
  Info& info = registry_.info({.name = "i", .help = ""});
  Enum& state = registry_.enumeration({.name = "e", .help = "", .states = {"a", "b"}});
  Failing::broken = true;
  counter.inc();
  gauge.set(1);
  gauge.inc();
  gauge.dec();
  info.set({{"v", "1"}});
  state.state("b");
  for (const char* metric : {"increment of c", "set of g", "increment of g", "set of i", "set of e"}) {
    EXPECT_THAT(said_, testing::HasSubstr(metric));
  }
  EXPECT_THAT(said_, testing::HasSubstr("disk gone"));
}

TEST_F(BackendStorageTest, ValueThatCannotBeReadIsAProblemAndTheLastOneIsShown) {
  registry_.counter({.name = "c", .help = ""}).inc(5);
  EXPECT_THAT(registry_.collect()->snapshot.values, testing::ElementsAre(5));
  Failing::broken = true;
  const auto collection = registry_.collect();
  EXPECT_THAT(collection->snapshot.values, testing::ElementsAre(5));
  ASSERT_EQ(collection->problems.size(), 1U);
  EXPECT_EQ(collection->problems[0].reason, "user_code_failed");
}

}  // namespace
}  // namespace weir
