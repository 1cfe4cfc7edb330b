// RedisMultiProcessCollector on the per-process layout, on real servers.
#include "redis_collect/per_process_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "redis_collect/redis_reading_for_test.h"
#include "redis_layout/exemplar_json.h"

namespace weir {
namespace {

using for_test::reasons;
using for_test::Reasons;
using for_test::ServerWithKeys;
using for_test::shown;
using for_test::Shown;

class PerProcessReading : public ::testing::Test {
 protected:
  ServerWithKeys redis;
  RedisMultiProcessCollector collector{redis.client(), {.key_prefix = "gunicorn"}};

  const std::string requests = ServerWithKeys::key_of("requests", "requests_total");
  static std::string depth(const std::string& mode) { return ServerWithKeys::key_of("depth_" + mode, "depth_" + mode); }
};

TEST_F(PerProcessReading, AnEmptyRedisShowsNothingAndHasNoProblem) {
  const auto collection = collector.collect();
  EXPECT_EQ(shown(*collection), Shown{});
  EXPECT_EQ(reasons(*collection), Reasons{});
}

TEST_F(PerProcessReading, OursAndPythonsAreOneExposition) {
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  redis.put("counter", "2", requests, "4.0");
  redis.claim("5-2");
  redis.put_ours("gauge_all", "5-2", depth("all"), "7.0");
  const auto collection = collector.collect();
  EXPECT_EQ(shown(*collection), (Shown{{"requests_total", 7}, {"depth_all{pid=\"5-2\"}", 7}}));
  EXPECT_EQ(reasons(*collection), Reasons{});
  EXPECT_EQ(collector.statistics().writers_live, 2U);
  EXPECT_EQ(collector.statistics().writers_foreign, 1U);
}

TEST_F(PerProcessReading, EveryGaugeModeMerges) {
  for (const auto& [writer, value] : {std::pair{"1", "5.0"}, std::pair{"2", "9.0"}}) {
    redis.claim(writer);
    for (const char* mode : {"min", "max", "sum", "mostrecent", "liveall"}) {
      redis.put_ours(std::string("gauge_") + mode, writer, depth(mode), value, writer[0] == '1' ? "20.0" : "10.0");
    }
  }
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"depth_min", 5},
                                                {"depth_max", 9},
                                                {"depth_sum", 14},
                                                {"depth_mostrecent", 5},
                                                {"depth_liveall{pid=\"1\"}", 5},
                                                {"depth_liveall{pid=\"2\"}", 9}}));
}

TEST_F(PerProcessReading, BucketsAreCumulatedAndCounted) {
  redis.claim("1");
  for (const auto& [le, value] : {std::pair{"0.5", "2.0"}, std::pair{"1.0", "3.0"}, std::pair{"+Inf", "1.0"}}) {
    redis.put_ours("histogram", "1", ServerWithKeys::key_of("lat", "lat_bucket", {{"le", le}}), value);
  }
  redis.put_ours("histogram", "1", ServerWithKeys::key_of("lat", "lat_sum"), "4.5");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"lat_bucket{le=\"0.5\"}", 2},
                                                {"lat_bucket{le=\"1.0\"}", 5},
                                                {"lat_bucket{le=\"+Inf\"}", 6},
                                                {"lat_count", 6},
                                                {"lat_sum", 4.5}}));
  double stored = 0;
  for (const MetricFamily& family : merge_from_redis(*redis.client(), "gunicorn", false)) {
    for (const Sample& sample : family.samples) {
      EXPECT_NE(sample.name, "lat_count");
      if (sample.name == "lat_bucket" && sample.labels[0].second == "+Inf") stored = sample.value;
    }
  }
  EXPECT_EQ(stored, 1);
}

TEST_F(PerProcessReading, OnlyLiveGaugesOfOurDeadAreLeftOut) {
  for (const char* writer : {"1", "2"}) {
    redis.claim(writer);
    redis.put_ours("counter", writer, requests, "3.0");
    redis.put_ours("gauge_livesum", writer, depth("livesum"), "5.0");
  }
  redis.put("gauge_livesum", "3", depth("livesum"), "100.0");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 6}, {"depth_livesum", 110}}));
  redis.die("1");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 6}, {"depth_livesum", 105}}));
  EXPECT_EQ(collector.statistics().writers_dead, 1U);
  redis.lease("1");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 6}, {"depth_livesum", 110}}));
}

TEST_F(PerProcessReading, AnIndexThatGrewIsReadAgain) {
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 3}}));
  redis.put_ours("counter", "1", ServerWithKeys::key_of("jobs", "jobs_total"), "1.0");
  redis.put_ours("counter", "1", requests, "4.0");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 4}, {"jobs_total", 1}}));
}

TEST_F(PerProcessReading, AWarmCollectionAsksOneCommandAValueAndTwoAWriter) {
  redis.claim("1");
  for (int i = 0; i < 50; ++i) {
    redis.put_ours("counter", "1", ServerWithKeys::key_of("r", "r_total", {{"i", std::to_string(i)}}), "1.0");
  }
  collector.collect();
  collector.collect();
  EXPECT_EQ(collector.statistics().values, 50U);
  constexpr std::uint64_t kHeads = 4 + 3;
  constexpr std::uint64_t kSharedMetadata = 1;
  EXPECT_LE(collector.statistics().commands, 50 + 2 + kHeads + kSharedMetadata);
}

TEST_F(PerProcessReading, PythonsArtefactIsPassedOverWhereTheRealGaugeIs) {
  redis.put("gauge_max", "1", depth("max"), "9.0");
  redis.put("gauge", "1", depth("max"), "0.0");
  redis.put("gauge", "1", depth("lonely"), "4.0");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"depth_max", 9}, {"depth_lonely{pid=\"1\"}", 4}}));
}

TEST_F(PerProcessReading, MetadataUnderTheArtefactsNameWillDo) {
  redis.put("gauge_max", "1", depth("max"), "9.0");
  redis.run({"DEL", redis.keys().meta("gauge_max", "1", md5_hex(depth("max")))});
  redis.run({"HSET", redis.keys().meta("gauge", "1", md5_hex(depth("max"))), "original_key", depth("max")});
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"depth_max", 9}}));
}

TEST_F(PerProcessReading, OneWritersMetadataServesAll) {
  redis.put("counter", "1", requests, "1.0");
  redis.put("counter", "2", requests, "2.0");
  redis.run({"DEL", redis.keys().meta("counter", "1", md5_hex(requests))});
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 3}}));
}

TEST_F(PerProcessReading, EachBadInputCostsItselfOnly) {
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  const auto bad = [&](const std::string& name) { return ServerWithKeys::key_of(name, name + "_total"); };
  redis.put_ours("counter", "1", bad("not_a_number"), "three");
  redis.put_ours("counter", "1", bad("not_any_number"), "nan");
  redis.put_ours("counter", "1", "[\"only\", \"two\"]", "1.0");
  redis.put_ours("counter", "1", bad("no_metadata"), "1.0");
  redis.run({"DEL", redis.keys().meta("counter", "1", md5_hex(bad("no_metadata")))});
  redis.put_ours("counter", "1", bad("gone"), "1.0");
  redis.run({"DEL", redis.keys().metric("counter", "1", md5_hex(bad("gone")))});
  redis.put_ours("counter", "1", bad("wrong"), "1.0");
  redis.run({"DEL", redis.keys().metric("counter", "1", md5_hex(bad("wrong")))});
  redis.run({"SET", redis.keys().metric("counter", "1", md5_hex(bad("wrong"))), "text"});
  redis.run({"SET", "gunicorn:spoon:1:metric:abc", "text"});
  redis.run({"SET", "gunicorn:counter:1:samples:abc", "text"});
  for (int i = 0; i < 2; ++i) {  // and again when all is warm
    const auto collection = collector.collect();
    EXPECT_EQ(shown(*collection), (Shown{{"requests_total", 3}}));
    EXPECT_EQ(reasons(*collection),
              (Reasons{"bad_key", "bad_key", "bad_value", "nan_value", "no_metadata", "no_value", "wrong_type"}));
  }
}

TEST_F(PerProcessReading, ABadValueThatBecomesGoodIsShown) {
  redis.put("counter", "1", requests, "oops");
  EXPECT_EQ(shown(*collector.collect()), Shown{});
  redis.put("counter", "1", requests, "3.0");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 3}}));
  redis.put("counter", "1", requests, "oops");
  EXPECT_EQ(shown(*collector.collect()), Shown{});
}

TEST_F(PerProcessReading, GaugesHoldWhatNumbersCan) {
  redis.put("gauge_max", "1", depth("a"), "inf");
  redis.put("gauge_max", "1", depth("b"), "-inf");
  redis.put("gauge_max", "1", depth("c"), "nan");
  const Shown series = shown(*collector.collect());
  EXPECT_EQ(series.at("depth_a"), INFINITY);
  EXPECT_EQ(series.at("depth_b"), -INFINITY);
  EXPECT_TRUE(std::isnan(series.at("depth_c")));
}

TEST_F(PerProcessReading, LabelOrderMakesNoOtherSeries) {
  const std::string sorted = R"(["r", "r_total", {"a": "1", "b": "2"}, "Help."])";
  const std::string turned = R"(["r", "r_total", {"b": "2", "a": "1"}, "Help."])";
  redis.put("counter", "1", sorted, "1.0");
  redis.put("counter", "2", turned, "2.0");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"r_total{a=\"1\",b=\"2\"}", 3}}));
}

TEST_F(PerProcessReading, TheNewestExemplarIsShown) {
  for (const char* writer : {"1", "2"}) {
    redis.claim(writer);
    redis.put_ours("counter", writer, requests, "1.0");
    const Exemplar exemplar{.labels = {{"trace", writer}}, .value = 1, .timestamp = writer[0] == '1' ? 20.0 : 10.0};
    redis.run({"HSET", redis.keys().metric("counter", writer, md5_hex(requests)), "exemplar", exemplar_json(exemplar)});
  }
  const auto collection = collector.collect();
  ASSERT_EQ(collection->snapshot.exemplars.size(), 1U);
  EXPECT_EQ(collection->snapshot.exemplars[0].exemplar.labels, (Labels{{"trace", "1"}}));
  redis.run({"HSET", redis.keys().metric("counter", "1", md5_hex(requests)), "exemplar", "{"});
  EXPECT_EQ(reasons(*collector.collect()), Reasons{"bad_exemplar"});
}

TEST_F(PerProcessReading, PrefixesAreTakenLiterally) {
  RedisMultiProcessCollector other(redis.client(), {.key_prefix = "g*n"});
  redis.put("counter", "1", requests, "1.0");
  EXPECT_EQ(shown(*other.collect()), Shown{});
}

TEST_F(PerProcessReading, AfterFlushallItRefusesUntilTheLivingHaveShippedAgain) {
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  collector.collect();
  redis.run({"FLUSHALL"});
  EXPECT_EQ(reasons(*collector.collect()), Reasons{"redis_epoch"});
  redis.run({"SET", redis.keys().epoch(""), "fedcba9876543210"});
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "1.0");
  redis.run({"SET", redis.keys().lease("1"), "pending"});
  const auto refused = collector.collect();
  EXPECT_EQ(reasons(*refused), Reasons{"redis_epoch"});
  EXPECT_EQ(shown(*refused), Shown{});
  redis.put_ours("counter", "1", requests, "3.0");
  redis.lease("1");
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 3}}));
}

TEST_F(PerProcessReading, WhoDoesNotComeBackIsAwaitedForOneLeaseOnly) {
  redis.claim("1", "300");
  redis.claim("2", "300");
  redis.put_ours("counter", "1", requests, "3.0");
  collector.collect();
  redis.server().restart();
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  EXPECT_EQ(reasons(*collector.collect()), Reasons{"redis_epoch"});
  ::usleep(400'000);
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 3}}));
}

TEST_F(PerProcessReading, ARedisThatIsGoneIsAProblemAndComesBack) {
  redis.put("counter", "1", requests, "3.0");
  collector.collect();
  redis.server().kill();
  const auto collection = collector.collect();
  EXPECT_EQ(shown(*collection), Shown{});
  EXPECT_EQ(reasons(*collection), Reasons{"redis_unreachable"});
  redis.server().restart();
  Reasons met{"redis_unreachable"};
  for (int i = 0; i < 100 && !met.empty(); ++i) {
    ::usleep(100'000);
    met = reasons(*collector.collect());
  }
  EXPECT_EQ(met, Reasons{});
}

}  // namespace
}  // namespace weir
