#include "redis_layout/shared_keys.h"

#include <gtest/gtest.h>

#include <limits>

#include "redis_layout/shared_metadata.h"
#include "weir/error.h"

namespace weir {
namespace {

TEST(SharedKeys, AreThoseOfPytheus) {
  const SharedKeys plain("");
  EXPECT_EQ(plain.value("requests"), "requests");
  EXPECT_EQ(plain.part("latency", "count"), "latency:count");
  EXPECT_EQ(plain.metadata(), "weir.metadata");
  const SharedKeys prefixed("app");
  EXPECT_EQ(prefixed.value("requests"), "app-requests");
  EXPECT_EQ(prefixed.part("latency", shared_bound(0.5)), "app-latency:0.5");
  EXPECT_EQ(prefixed.metadata(), "app-weir.metadata");
}

TEST(SharedKeys, BoundsAreSpelledAsPythonsStr) {
  EXPECT_EQ(shared_bound(0.005), "0.005");
  EXPECT_EQ(shared_bound(1), "1.0");
  EXPECT_EQ(shared_bound(1e6), "1000000.0");
  EXPECT_EQ(shared_bound(1e-5), "1e-05");
  EXPECT_EQ(shared_bound(std::numeric_limits<double>::infinity()), "+Inf");
}

TEST(SharedKeys, AFieldIsTheLabelsAsPythonDumpsThemInDeclaredOrder) {
  EXPECT_EQ(shared_field({}), "");
  EXPECT_EQ(shared_field({{"method", "GET"}, {"code", "200"}}), R"({"method": "GET", "code": "200"})");
  EXPECT_EQ(shared_field({{"a", "é\n\"\\"}}), R"({"a": "\u00e9\n\"\\"})");
}

TEST(SharedKeys, NamesAreTakenApart) {
  const auto parsed = [](std::string_view key) {
    const std::optional<SharedName> name = parse_shared_name(key);
    return name ? std::string(name->name) + "|" + std::string(name->part) : "none";
  };
  EXPECT_EQ(parsed("requests"), "requests|");
  EXPECT_EQ(parsed("latency:0.005"), "latency|0.005");
  EXPECT_EQ(parsed("latency:1e-05"), "latency|1e-05");
  EXPECT_EQ(parsed("latency:+Inf"), "latency|+Inf");
  EXPECT_EQ(parsed("latency:count"), "latency|count");
  EXPECT_EQ(parsed("job:rate"), "job:rate|");
  EXPECT_EQ(parsed("job:rate:sum"), "job:rate|sum");
  EXPECT_EQ(parsed("weir.metadata"), "none");
  EXPECT_EQ(parsed("session:{17}"), "none");
  EXPECT_EQ(parsed("9lives"), "none");
  EXPECT_EQ(parsed(""), "none");
}

TEST(SharedMetadata, ReadsWhatItWrote) {
  SharedMetadata metadata{.type = MetricType::histogram,
                          .help = "Latency \"é\"\nin seconds.",
                          .mode = GaugeMode::all,
                          .buckets = {"0.1", "1.0", "+Inf"},
                          .labels = {"route", "code"},
                          .sample = "latency_seconds"};
  EXPECT_EQ(parse_shared_metadata(shared_metadata_json(metadata)), metadata);
  metadata = {
      .type = MetricType::gauge, .help = {}, .mode = GaugeMode::livesum, .buckets = {}, .labels = {}, .sample = "g"};
  EXPECT_EQ(parse_shared_metadata(shared_metadata_json(metadata)), metadata);
}

TEST(SharedMetadata, IsOneJsonObject) {
  EXPECT_EQ(shared_metadata_json({.type = MetricType::counter,
                                  .help = "Requests.",
                                  .mode = GaugeMode::all,
                                  .buckets = {},
                                  .labels = {"code"},
                                  .sample = "requests_total"}),
            R"({"type": "counter", "help": "Requests.", "mode": "", "buckets": [], "labels": ["code"], )"
            R"("sample": "requests_total"})");
}

TEST(SharedMetadata, WhatIsWrongIsRefused) {
  for (const char* text :
       {"", "[]", "{}", R"({"type": "spoon", "help": "", "sample": "a"})",
        R"({"type": "histogram", "help": "", "sample": "a"})",
        R"({"type": "gauge", "help": "", "mode": "loud", "sample": "a"})",
        R"({"type": "counter", "help": 1, "sample": "a"})",
        R"({"type": "counter", "help": "", "labels": [1], "sample": "a"})", R"({"type": "counter", "help": ""})"}) {
    EXPECT_THROW(parse_shared_metadata(text), FormatError) << text;
  }
}

}  // namespace
}  // namespace weir
