#include "watch/sampler.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <atomic>
#include <latch>

#include "watch/exposition_text.h"
#include "watch/url_writers.h"
#include "weir/error.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Counts how often it is read.
class CountedSource : public Source {
 public:
  std::shared_ptr<const Collection> collect() override {
    return parse_exposition("reads " + std::to_string(++reads_) + "\n", "test");
  }
  std::string describe() const override { return "a source that counts"; }

 private:
  std::atomic<int> reads_{0};
};

/// Does not answer until it is let go.
class SilentSource : public CountedSource {
 public:
  std::shared_ptr<const Collection> collect() override {
    asked.count_down();
    answered.wait();
    return CountedSource::collect();
  }
  std::latch asked{1};
  std::latch answered{1};
};

class TwoWriters : public WriterView {
 public:
  std::string storage() const override { return "files"; }
  std::string how_to_write() const override { return "by test"; }
  std::vector<Writer> writers() override {
    if (!tells) throw WritersNotTold("nobody says");
    if (fails) throw StorageError("the directory is gone");
    return {{.name = "1", .state = WriterState::alive, .host = ""},
            {.name = "2", .state = WriterState::dead, .host = ""}};
  }
  FamilySplit split(const FamilyHead& family, std::size_t /*most*/) override {
    return {{{"1", WriterState::alive, family.name, {}, 3}}, false};
  }
  std::atomic<bool> fails{false};
  std::atomic<bool> tells{true};
};

/// The next reading; the test fails where there is none within half a minute.
TopReading next_reading(Sampler& sampler) {
  for (;;) {
    pollfd wait{sampler.descriptor(), POLLIN, 0};
    if (poll(&wait, 1, 30'000) != 1) throw std::runtime_error("no reading came");
    if (std::optional<TopReading> reading = sampler.take()) return std::move(*reading);
  }
}

TEST(Sampler, ReadsAtOnceAndThenEveryInterval) {
  CountedSource source;
  Sampler sampler(source, nullptr, 0.01);
  const TopReading first = next_reading(sampler);
  const TopReading second = next_reading(sampler);
  EXPECT_GE(first.collection->snapshot.values[0], 1);
  EXPECT_GT(second.collection->snapshot.values[0], first.collection->snapshot.values[0]);
  EXPECT_GT(second.seconds, first.seconds);
  EXPECT_FALSE(second.knows_writers);
}

TEST(Sampler, PausedItReadsOnlyWhenAsked) {
  CountedSource source;
  Sampler sampler(source, nullptr, 3600);
  EXPECT_THAT(next_reading(sampler).collection->snapshot.values, ElementsAre(1));
  sampler.set_paused(true);
  sampler.set_interval(0.001);
  pollfd wait{sampler.descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&wait, 1, 50), 0) << "fifty intervals without a reading";
  sampler.read_soon();
  EXPECT_THAT(next_reading(sampler).collection->snapshot.values, ElementsAre(2));
  EXPECT_EQ(poll(&wait, 1, 50), 0) << "asked once, read once";
  sampler.set_paused(false);
  EXPECT_THAT(next_reading(sampler).collection->snapshot.values[0], testing::Ge(3));
}

TEST(Sampler, ShorterIntervalIsObeyedAtOnce) {
  CountedSource source;
  Sampler sampler(source, nullptr, 3600);
  next_reading(sampler);
  sampler.set_interval(0.001);
  // That one comes is the fact; of those that came since the newest is given.
  EXPECT_THAT(next_reading(sampler).collection->snapshot.values[0], testing::Ge(2));
}

TEST(Sampler, SplitOfAFamilyComesWithTheNextReading) {
  CountedSource source;
  TwoWriters writers;
  Sampler sampler(source, &writers, 3600);
  const TopReading first = next_reading(sampler);
  EXPECT_THAT(first.writers, SizeIs(2));
  EXPECT_FALSE(first.split.has_value());
  const FamilyHead family{"reads", MetricType::unknown, "", ""};
  sampler.set_split(&family);
  sampler.read_soon();
  const TopReading second = next_reading(sampler);
  EXPECT_EQ(second.split_of, "reads");
  ASSERT_TRUE(second.split.has_value());
  EXPECT_THAT(second.split->shares, SizeIs(1));
}

TEST(Sampler, WritersThatCannotBeAskedAreAFaultNotAnEnd) {
  CountedSource source;
  TwoWriters writers;
  writers.fails = true;
  Sampler sampler(source, &writers, 3600);
  const TopReading reading = next_reading(sampler);
  EXPECT_THAT(reading.writers_fault, HasSubstr("the directory is gone"));
  EXPECT_THAT(reading.collection->snapshot.values, ElementsAre(1));
}

TEST(Sampler, WhereNothingCanBeReadWritersAreNotAsked) {
  class Unreadable : public CountedSource {
   public:
    std::shared_ptr<const Collection> collect() override { return parse_exposition("}\n", "test"); }
  } source;
  TwoWriters writers;
  writers.fails = true;
  EXPECT_EQ(read_now(source, &writers, nullptr).writers_fault, "");
}

TEST(Sampler, WhereNobodyCanSayWhoCountedNothingIsWrong) {
  CountedSource source;
  TwoWriters writers;
  writers.tells = false;
  const TopReading reading = read_now(source, &writers, nullptr);
  EXPECT_FALSE(reading.knows_writers);
  EXPECT_EQ(reading.writers_fault, "");
}

TEST(Sampler, SourceThatDoesNotAnswerIsGivenUpAndOneThatDoesIsNot) {
  CountedSource quick;
  Sampler sampler(quick, nullptr, 3600);
  next_reading(sampler);
  EXPECT_FALSE(sampler.gave_up());

  SilentSource silent;
  Sampler waiting(silent, nullptr, 3600);
  silent.asked.wait();
  EXPECT_TRUE(waiting.gave_up());
  silent.answered.count_down();
}

}  // namespace
}  // namespace weir
