#include "weir/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <thread>
#include <type_traits>

#include "weir/error.h"

namespace weir {
namespace {

using testing::HasSubstr;

template <typename E>
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing of that kind was thrown";
}

class RegistryTest : public testing::Test {
 protected:
  std::vector<std::string> series() {
    std::vector<std::string> all;
    const auto collection = registry_.collect();
    for (std::size_t i = 0; i < collection->snapshot.table->size(); ++i)
      all.emplace_back(collection->snapshot.table->series(i));
    return all;
  }
  Registry registry_{memory_storage()};
};

TEST_F(RegistryTest, NameIsMadeOfItsParts) {
  registry_.counter({.name = "sent", .help = "S.", .name_space = "app", .subsystem = "net", .unit = "bytes"});
  registry_.gauge({.name = "age_seconds", .help = "A.", .unit = "seconds"});
  EXPECT_THAT(series(), testing::ElementsAre("age_seconds", "app_net_sent_bytes_total"));
}

TEST_F(RegistryTest, DuplicateIsRefusedByName) {
  registry_.counter({.name = "jobs_total", .help = "J."});
  for (const char* written : {"jobs_total", "jobs"}) {
    EXPECT_EQ(message_of<RegistrationError>([&] { registry_.counter({.name = written, .help = "J."}); }),
              "counter jobs_total: the name \"jobs_total\" belongs to the counter jobs_total already; choose another "
              "name, or use that one");
  }
  EXPECT_THAT(message_of<RegistrationError>([&] { registry_.gauge({.name = "jobs", .help = "J."}); }),
              HasSubstr("gauge jobs: the name \"jobs\" belongs to the counter jobs_total"));
}

TEST_F(RegistryTest, SampleNamesOfDifferentMetricsMustNotClash) {
  registry_.histogram({.name = "latency", .help = "L."});
  EXPECT_THROW(registry_.gauge({.name = "latency_sum", .help = "L."}), RegistrationError);
  EXPECT_THROW(registry_.counter({.name = "latency_bucket_total", .help = "L."}), RegistrationError);
  registry_.gauge({.name = "ok_total", .help = "G."});
  EXPECT_THROW(registry_.counter({.name = "ok", .help = "C."}), RegistrationError);
}

TEST_F(RegistryTest, RefusedMetricLeavesNothingBehind) {
  registry_.gauge({.name = "size_count", .help = "G."});
  EXPECT_THROW(registry_.summary({.name = "size", .help = "S."}), RegistrationError);
  EXPECT_NO_THROW(registry_.gauge({.name = "size_sum", .help = "G."}));
}

TEST_F(RegistryTest, UnregisteredNameIsFreeAgain) {
  registry_.counter({.name = "jobs", .help = "J."}).inc(3);
  EXPECT_TRUE(registry_.unregister("jobs_total"));
  EXPECT_FALSE(registry_.unregister("jobs"));
  EXPECT_EQ(registry_.counter({.name = "jobs", .help = "J."}).get(), 0);
}

TEST_F(RegistryTest, BadNamesAreRefusedWithTheName) {
  EXPECT_THAT(message_of<ValueError>([&] { registry_.gauge({.name = "9lives", .help = ""}); }), HasSubstr("9lives"));
  EXPECT_THAT(message_of<ValueError>([&] { registry_.gauge({.name = "a-b", .help = ""}); }), HasSubstr("a-b"));
  EXPECT_THROW(registry_.gauge({.name = "", .help = ""}), ValueError);
  EXPECT_THROW(registry_.gauge({.name = "g", .help = "\xff"}), ValueError);
}

TEST_F(RegistryTest, Utf8NamesAreAllowedWhenAskedFor) {
  EXPECT_THROW(registry_.gauge({.name = "température", .help = ""}), ValueError);
  registry_.gauge({.name = "température", .help = "", .utf8_names = true}, {"où.là"}).labels("ici").set(20);
  EXPECT_THAT(series(), testing::ElementsAre("{\"température\",\"où.là\"=\"ici\"}"));
}

TEST_F(RegistryTest, ReservedAndRepeatedLabelNamesAreRefused) {
  EXPECT_THROW(registry_.counter({.name = "a", .help = ""}, {"__name__"}), ValueError);
  EXPECT_THROW(registry_.counter({.name = "a", .help = ""}, {"x", "x"}), ValueError);
  EXPECT_THROW(registry_.histogram({.name = "a", .help = ""}, {"le"}), ValueError);
  EXPECT_THROW(registry_.summary({.name = "a", .help = ""}, {"quantile"}), ValueError);
  EXPECT_THROW(registry_.counter({.name = "a", .help = "", .constant_labels = {{"x", "1"}}}, {"x"}), ValueError);
  EXPECT_NO_THROW(registry_.counter({.name = "a", .help = ""}, {"le"}));
}

TEST_F(RegistryTest, WrongLabelsAreRefusedWithTheRightOnes) {
  auto& requests = registry_.counter({.name = "requests", .help = ""}, {"method", "code"});
  EXPECT_THAT(message_of<ValueError>([&] { requests.labels("GET"); }), HasSubstr("method, code"));
  EXPECT_THROW(requests.labels("GET", "200", "extra"), ValueError);
  EXPECT_THAT(message_of<ValueError>([&] {
                requests.labels({{"method", "GET"}, {"kode", "200"}});
              }),
              HasSubstr("kode"));
  EXPECT_THROW(requests.labels({{"method", "GET"}}), ValueError);
  EXPECT_THROW(requests.labels({{"method", "GET"}, {"method", "PUT"}}), ValueError);
  EXPECT_THROW(requests.labels("GET", "\xc3"), ValueError);
  EXPECT_EQ(requests.size(), 0U);
}

TEST_F(RegistryTest, BadBucketsAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(message_of<ValueError>([&] {
                registry_.histogram({.name = "h", .help = "", .buckets = {2, 1}});
              }),
              HasSubstr("ascend"));
  EXPECT_THROW(registry_.histogram({.name = "h", .help = "", .buckets = {1, 1}}), ValueError);
  EXPECT_THROW(registry_.histogram({.name = "h", .help = "", .buckets = {1, nan}}), ValueError);
  EXPECT_THROW(registry_.histogram({.name = "h", .help = "", .buckets = {nan}}), ValueError);
  EXPECT_THROW(registry_.histogram({.name = "h", .help = "", .buckets = {}}), ValueError);
  EXPECT_THROW(registry_.histogram({.name = "h", .help = "", .buckets = {inf}}), ValueError);
  EXPECT_NO_THROW(registry_.histogram({.name = "h", .help = "", .buckets = {-1, 0, inf}}));
}

TEST_F(RegistryTest, HistogramBeyondTheLimitOfSamplesIsRefusedAndItsNameStaysFree) {
  EXPECT_THROW(registry_.histogram({.name = "h", .help = "", .buckets = linear_buckets(0, 1, 5000)}), ValueError);
  EXPECT_NO_THROW(registry_.histogram({.name = "h", .help = "", .buckets = {1}}));
}

TEST_F(RegistryTest, ChildrenAreMadeByFamiliesOnly) {
  static_assert(!std::is_constructible_v<Counter, const MetricInfo&, std::span<const std::string_view>>);
  static_assert(!std::is_default_constructible_v<ChildKey>);
  SUCCEED();
}

TEST_F(RegistryTest, BadStatesAreRefused) {
  EXPECT_THROW(registry_.enumeration({.name = "e", .help = "", .states = {}}), ValueError);
  EXPECT_THROW(registry_.enumeration({.name = "e", .help = "", .states = {"a", "a"}}), ValueError);
  EXPECT_THROW(registry_.enumeration({.name = "e", .help = "", .states = {"a"}}, {"e"}), ValueError);
}

TEST_F(RegistryTest, InfosAndEnumsTellTheirBackendBeforeTheyAreSet) {
  EXPECT_EQ(registry_.info({.name = "build", .help = "B."}).backend_name(), "SingleProcessBackend");
  EXPECT_EQ(registry_.enumeration({.name = "state", .help = "S.", .states = {"on"}}).backend_name(),
            "SingleProcessBackend");
}

TEST_F(RegistryTest, FamiliesCarryTypeHelpAndUnit) {
  registry_.counter({.name = "sent", .help = "Sent.", .unit = "bytes"});
  const auto all = families(registry_.collect()->snapshot);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].head.name, "sent_bytes");
  EXPECT_EQ(all[0].head.type, MetricType::counter);
  EXPECT_EQ(all[0].head.help, "Sent.");
  EXPECT_EQ(all[0].head.unit, "bytes");
}

TEST_F(RegistryTest, TableIsSharedUntilSomethingIsRegistered) {
  auto& requests = registry_.counter({.name = "requests", .help = ""}, {"m"});
  requests.labels("GET").inc();
  const auto first = registry_.collect();
  requests.labels("GET").inc();
  EXPECT_EQ(registry_.collect()->snapshot.table, first->snapshot.table);
  requests.labels("PUT");
  EXPECT_NE(registry_.collect()->snapshot.table, first->snapshot.table);
}

TEST_F(RegistryTest, CollectorsAddFamiliesAndFailAlone) {
  registry_.counter({.name = "jobs", .help = ""}).inc();
  registry_.add_collector([] {
    return std::vector<MetricFamily>{
        {{"disk_bytes", MetricType::gauge, "Disk.", ""}, {{"disk_bytes", {{"dev", "sda"}}, 7, {}}}}};
  });
  registry_.add_collector([]() -> std::vector<MetricFamily> { throw std::runtime_error("no disk"); });
  EXPECT_THAT(series(), testing::ElementsAre("jobs_total", "disk_bytes{dev=\"sda\"}"));
  const auto problems = registry_.collect()->problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].reason, "collector_failed");
  EXPECT_THAT(problems[0].message, HasSubstr("no disk"));
}

TEST_F(RegistryTest, CallbackThatThrowsCostsItselfOnly) {
  Gauge& gauge = registry_.gauge({.name = "live", .help = ""});
  gauge.set(3);
  gauge.set_function([]() -> double { throw std::runtime_error("sensor gone"); });
  const auto collection = registry_.collect();
  EXPECT_THAT(collection->snapshot.values, testing::ElementsAre(3));
  ASSERT_EQ(collection->problems.size(), 1U);
  EXPECT_EQ(collection->problems[0].reason, "user_code_failed");
  EXPECT_THAT(collection->problems[0].message, HasSubstr("sensor gone"));
}

TEST_F(RegistryTest, ThousandsOfChildrenAreFoundAgain) {
  auto& requests = registry_.counter({.name = "requests", .help = ""}, {"a", "b"});
  for (int i = 0; i < 5000; ++i) requests.labels(std::to_string(i), std::to_string(i % 7)).inc(i);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(requests.labels(std::to_string(i), std::to_string(i % 7)).get(), i);
  for (int i = 0; i < 5000; i += 2) ASSERT_TRUE(requests.remove({std::to_string(i), std::to_string(i % 7)}));
  for (int i = 1; i < 5000; i += 2) ASSERT_EQ(requests.labels(std::to_string(i), std::to_string(i % 7)).get(), i);
  EXPECT_EQ(requests.size(), 2500U);
}

TEST_F(RegistryTest, LabelValuesThatOnlyJoinAlikeAreDifferentChildren) {
  auto& requests = registry_.counter({.name = "requests", .help = ""}, {"a", "b"});
  EXPECT_NE(&requests.labels("ab", "c"), &requests.labels("a", "bc"));
  EXPECT_NE(&requests.labels("", "x"), &requests.labels("x", ""));
}

TEST_F(RegistryTest, ThreadsThatLookUpWhileOthersCreateAndRemoveFindTheRightChild) {
  auto& requests = registry_.counter({.name = "requests", .help = ""}, {"a"});
  requests.labels("kept").inc();
  std::atomic<bool> stop{false};
  std::atomic<long> counted{1};
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        requests.labels("kept").inc();
        ++counted;
      }
    });
  }
  for (int round = 0; round < 2000; ++round) {
    requests.labels("gone" + std::to_string(round % 50)).inc();
    requests.remove({"gone" + std::to_string((round * 7) % 50)});
    if (round % 100 == 0) registry_.collect();
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(requests.labels("kept").get(), counted);
}

TEST_F(RegistryTest, FirstCallsOfManyThreadsMakeOneChild) {
  auto& requests = registry_.counter({.name = "requests", .help = ""}, {"a"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) requests.labels(std::to_string(i)).inc();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(requests.size(), 200U);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(requests.labels(std::to_string(i)).get(), 8);
}

TEST(Buckets, LinearAndExponentialAscendToInfinity) {
  EXPECT_THAT(linear_buckets(1, 2, 3), testing::ElementsAre(1, 3, 5, std::numeric_limits<double>::infinity()));
  EXPECT_THAT(exponential_buckets(1, 10, 3), testing::ElementsAre(1, 10, 100, std::numeric_limits<double>::infinity()));
  EXPECT_EQ(default_buckets().size(), 15U);
}

TEST(Buckets, BadArgumentsAreRefused) {
  EXPECT_THROW(linear_buckets(0, 0, 3), ValueError);
  EXPECT_THROW(linear_buckets(0, 1, 0), ValueError);
  EXPECT_THROW(exponential_buckets(0, 2, 3), ValueError);
  EXPECT_THROW(exponential_buckets(1, 1, 3), ValueError);
}

}  // namespace
}  // namespace weir
