#include "weir/redis_key.h"

#include <gtest/gtest.h>

#include "redis_layout/redis_keys.h"
#include "weir/error.h"

namespace weir {
namespace {

// The expected bytes were printed by gunicorn_prometheus_exporter 0.2.4's redis_key() under CPython 3.11.
TEST(RedisKey, IsWhatTheDocumentsShow) {
  EXPECT_EQ(redis_key("gunicorn_requests_total", "requests_total", {"method", "status"}, {"GET", "200"},
                      "Total number of requests"),
            R"(["gunicorn_requests_total", "requests_total", {"method": "GET", "status": "200"}, )"
            R"("Total number of requests"])");
}

TEST(RedisKey, DoesNotDependOnTheOrderOfLabels) {
  EXPECT_EQ(redis_key("m", "m", {"b", "a"}, {"2", "1"}, ""), redis_key("m", "m", {"a", "b"}, {"1", "2"}, ""));
}

TEST(RedisKey, EscapesAsPythonDoes) {
  EXPECT_EQ(redis_key("m", "m_total", {"path"}, {"/\"\\\n\x7f\xc3\xa9\xf0\x9f\x98\x80"}, "\xc3\xbc"),
            "[\"m\", \"m_total\", {\"path\": \"/\\\"\\\\\\n\\u007f\\u00e9\\ud83d\\ude00\"}, \"\\u00fc\"]");
}

TEST(RedisKey, OfNoLabelsHasAnEmptyObject) {
  EXPECT_EQ(redis_key("up", "up", {}, {}, "Help."), R"(["up", "up", {}, "Help."])");
}

TEST(RedisKey, HasTheHashPythonTakes) {
  EXPECT_EQ(md5_hex(redis_key("up", "up", {}, {}, "Help.")), "53e8231fec2da74a32b0b85e081afe14");
}

TEST(RedisKey, RefusesACountOfValuesThatIsNotTheCountOfNames) {
  EXPECT_THROW(redis_key("m", "m", {"a"}, {}, ""), ValueError);
  EXPECT_THROW(redis_key("m", "m", {}, {"1"}, ""), ValueError);
  EXPECT_THROW(redis_key("m", "m", {"a", "a"}, {"1", "2"}, ""), ValueError);
}

}  // namespace
}  // namespace weir
