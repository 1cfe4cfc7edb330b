#include "redis_layout/redis_keys.h"

#include <gtest/gtest.h>

#include "weir/error.h"

namespace weir {
namespace {

TEST(RedisKeys, AreThoseOfTheDocuments) {
  const RedisKeys keys("gunicorn");
  const std::string hash = md5_hex(R"(["depth_livesum", "depth_livesum", {"queue": "a"}, "Depth in mode livesum"])");
  EXPECT_EQ(hash, "00e4673ebc6f3a4657b48870d737c13e");  // as gunicorn_prometheus_exporter wrote it
  EXPECT_EQ(keys.metric("gauge_livesum", "1007", hash), "gunicorn:gauge_livesum:1007:metric:" + hash);
  EXPECT_EQ(keys.meta("counter", "7-2", "abc"), "gunicorn:counter:7-2:meta:abc");
  EXPECT_EQ(keys.metric_of_member("gauge_max:abc", "{b07}7"), "gunicorn:gauge_max:{b07}7:metric:abc");
  EXPECT_EQ(keys.meta_of_member("gauge_max:abc", "7"), "gunicorn:gauge_max:7:meta:abc");
}

TEST(RedisKeys, AreTakenApart) {
  const auto parts = parse_redis_key("gunicorn", "gunicorn:gauge_livesum:{b07}1007:metric:00e4");
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->kind, (FileKind{MetricType::gauge, GaugeMode::livesum}));
  EXPECT_EQ(parts->writer, "{b07}1007");
  EXPECT_EQ(parts->hash, "00e4");
  EXPECT_FALSE(parts->is_meta);
  EXPECT_TRUE(parse_redis_key("gunicorn", "gunicorn:counter:1:meta:x")->is_meta);
  const auto artefact = parse_redis_key("gunicorn", "gunicorn:gauge:1:metric:x");
  ASSERT_TRUE(artefact.has_value());
  EXPECT_EQ(artefact->kind_text, "gauge");
  EXPECT_FALSE(artefact->kind.has_value());
}

TEST(RedisKeys, WhatIsNeitherMetricNorMetaIsNone) {
  for (const char* key : {"", "gunicorn", "gunicorn:", "gunicorn:counter:1:samples:x",
                          "gunicorn:counter:1:metric:", "gunicorn:counter::metric:x", "other:counter:1:metric:x",
                          "gunicornx:counter:1:metric:x", "gunicorn:weir:claim:1"}) {
    EXPECT_FALSE(parse_redis_key("gunicorn", key).has_value()) << key;
  }
}

TEST(RedisKeys, BucketsStandBeforeTheWriter) {
  EXPECT_EQ(bucket_of(39L), "{b07}");
  EXPECT_EQ(bucket_of(std::string_view("{b07}39-2")), "{b07}");
  EXPECT_EQ(identity_of("{b07}39-2"), "39-2");
  EXPECT_EQ(bucket_of(std::string_view("39")), "");
  EXPECT_EQ(identity_of("39"), "39");
}

TEST(RedisKeys, PrefixesThatBreakReadersAreRefused) {
  EXPECT_EQ(checked_key_prefix("app:", "REDIS_KEY_PREFIX"), "app");
  EXPECT_EQ(checked_key_prefix("a:b", "REDIS_KEY_PREFIX"), "a:b");
  for (const char* prefix : {"", ":", "a:metric:b", "a:metric", "a b", "a{b}", "a\n"}) {
    EXPECT_THROW(checked_key_prefix(prefix, "REDIS_KEY_PREFIX"), ConfigError) << prefix;
  }
}

}  // namespace
}  // namespace weir
