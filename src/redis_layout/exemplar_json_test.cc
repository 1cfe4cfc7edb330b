#include "redis_layout/exemplar_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "weir/error.h"

namespace weir {
namespace {

TEST(ExemplarJson, IsWrittenAsPythonWritesIt) {
  const Exemplar exemplar{.labels = {{"trace_id", "4bf\"é"}, {"a", ""}}, .value = 1, .timestamp = 1700000000.5};
  EXPECT_EQ(exemplar_json(exemplar),
            R"({"labels": {"trace_id": "4bf\"\u00e9", "a": ""}, "value": 1.0, "timestamp": 1700000000.5})");
}

TEST(ExemplarJson, ReadsWhatItWrote) {
  const Exemplar exemplar{.labels = {{"trace_id", "4bf\"é"}}, .value = 0.1, .timestamp = 1700000000.123456};
  const Exemplar read = parse_exemplar_json(exemplar_json(exemplar));
  EXPECT_EQ(read.labels, exemplar.labels);
  EXPECT_EQ(read.value, exemplar.value);
  EXPECT_EQ(read.timestamp, exemplar.timestamp);
}

TEST(ExemplarJson, NumbersThatJsonCannotSayAreTexts) {
  Exemplar exemplar{.labels = {}, .value = std::numeric_limits<double>::infinity(), .timestamp = 0};
  EXPECT_EQ(exemplar_json(exemplar), R"({"labels": {}, "value": "inf", "timestamp": 0.0})");
  EXPECT_EQ(parse_exemplar_json(exemplar_json(exemplar)).value, exemplar.value);
  exemplar.value = std::nan("");
  EXPECT_TRUE(std::isnan(parse_exemplar_json(exemplar_json(exemplar)).value));
}

TEST(ExemplarJson, TimestampAndOrderAreFree) {
  const Exemplar read = parse_exemplar_json(R"({"more": [1], "value": 2, "labels": {}})");
  EXPECT_EQ(read.value, 2);
  EXPECT_EQ(read.timestamp, 0);
}

TEST(ExemplarJson, WhatNoScraperTakesIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string(R"({"labels": {}})"),
        std::string(R"({"labels": [], "value": 1})"), std::string(R"({"labels": {"a": 1}, "value": 1})"),
        std::string(R"({"labels": {"a-b": "x"}, "value": 1})"), std::string(R"({"labels": {}, "value": true})"),
        std::string(R"({"labels": {}, "value": 1, "timestamp": "inf"})"),
        std::string("{\"labels\": {\"a\": \"\xff\"}}"),
        R"({"value": 1, "labels": {"a": ")" + std::string(128, 'x') + "\"}}"}) {
    EXPECT_THROW(parse_exemplar_json(text), FormatError) << text;
  }
}

}  // namespace
}  // namespace weir
