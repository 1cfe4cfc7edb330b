// Who writes to a real Redis, and who counted what.
#include "redis_storage/redis_writers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis_collect/redis_reading_for_test.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using for_test::ServerWithKeys;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class RedisWriters : public testing::Test {
 protected:
  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const Writer& writer : view_->writers()) out.push_back(writer.name + " " + to_string(writer.state));
    return out;
  }
  std::vector<std::string> shares(const std::string& family, MetricType type, std::size_t most = 100) {
    std::vector<std::string> out;
    const FamilySplit split = view_->split({family, type, "", ""}, most);
    for (const WriterShare& share : split.shares) {
      out.push_back(share.writer + " " + share.sample + " " + std::to_string(static_cast<int>(share.value)));
    }
    if (split.is_cut) out.emplace_back("cut");
    return out;
  }
  ServerWithKeys redis_;
  std::unique_ptr<WriterView> view_ = redis_writers(redis_.server().options(), "gunicorn");
};

TEST_F(RedisWriters, LeasesTellWhoLivesAndTheRetiredHoldThePast) {
  for (const char* writer : {"1", "2", "retired"}) redis_.claim(writer);
  redis_.die("2");
  redis_.run({"HSET", redis_.keys().claim("1"), "host", "web-1", "flushed_at", "1000.0"});
  EXPECT_THAT(names(), ElementsAre("1 alive", "2 dead", "retired folded"));
  const Writer first = view_->writers().front();
  EXPECT_EQ(first.host, "web-1");
  EXPECT_GT(first.last_flush_age, 1e8);
}

TEST_F(RedisWriters, SplitIsOfOneFamilyAndKeepsWritersApart) {
  redis_.claim("1");
  redis_.claim("2");
  redis_.put_ours("counter", "1", ServerWithKeys::key_of("c", "c_total"), "2.0");
  redis_.put_ours("counter", "2", ServerWithKeys::key_of("c", "c_total"), "5.0");
  redis_.put_ours("counter", "2", ServerWithKeys::key_of("other", "other_total"), "100.0");
  redis_.put_ours("gauge_max", "2", ServerWithKeys::key_of("c", "c"), "9.0");
  redis_.put_ours("counter", "2", ServerWithKeys::key_of("c", "c_total", {{"x", "1"}}), "no number");
  EXPECT_THAT(shares("c", MetricType::counter), UnorderedElementsAre("1 c_total 2", "2 c_total 5"));
  EXPECT_THAT(shares("c", MetricType::gauge), ElementsAre("2 c 9"));
  EXPECT_THAT(shares("c", MetricType::counter, 1).back(), "cut");
}

TEST_F(RedisWriters, ServerThatIsGoneIsAnError) {
  redis_.server().kill();
  EXPECT_THROW(view_->writers(), RedisError);
}

}  // namespace
}  // namespace weir
