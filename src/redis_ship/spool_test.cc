// Records of the spool directory: what is written is read, half a line is none, renaming is repeatable.
#include "redis_ship/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "redis/child_process_for_test.h"
#include "redis_ship/shared_spool.h"
#include "redis_ship/spool_identities.h"
#include "redis_ship/spooled_files.h"
#include "weir/error.h"

namespace weir {
namespace {

using for_test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(SpoolLines, KeepAnyText) {
  const std::vector<std::string> fields{"a\tb\nc", "", "100%", "%0a", "\x7f", "[\"é\"]"};
  EXPECT_EQ(spool_lines(spool_line(fields)).at(0), fields);
}

TEST(SpoolLines, ALineWithoutItsEndIsNone) {
  EXPECT_THAT(spool_lines("answered\t3\nanswered\t4"), ElementsAre(std::vector<std::string>{"answered", "3"}));
}

TEST(SpoolPlace, NamesTheVariableThatIsMissing) {
  RedisSettings settings;
  settings.durability = RedisDurability::spooled;
  try {
    spool_place(settings);
    FAIL() << "no ConfigError";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("WEIR_SPOOL_DIR"));
  }
}

TEST(SpoolPlace, EachDeploymentHasItsOwn) {
  RedisSettings one;
  one.spool_directory = "/spool";
  RedisSettings two = one;
  two.key_prefix = "other";
  RedisSettings three = one;
  three.layout = RedisLayout::shared;
  EXPECT_NE(spool_place(one), spool_place(two));
  EXPECT_NE(spool_place(one), spool_place(three));
  EXPECT_EQ(spool_place(one), spool_place(RedisSettings(one)));
}

TEST(Spool, IdentitiesComeBackAsTheyWere) {
  OwnIdentities own("{b07}", 4242, "00112233aabbccdd");
  own.fold_current({{"counter:abc", 5.5}, {"histogram:def", 1e300}}, 1700000000.25);
  const auto read = read_spooled_identities(spool_lines(spooled_identities(own)));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->all().size(), 2u);
  EXPECT_EQ(read->current().writer, own.current().writer);
  EXPECT_EQ(read->current().token, own.current().token);
  EXPECT_EQ(read->all()[0].folded, own.all()[0].folded);
  EXPECT_TRUE(read->all()[0].was_folded);
  EXPECT_EQ(read->all()[0].folded_at, 1700000000.25);
  OwnIdentities next = *read;
  next.take_another();
  own.take_another();
  EXPECT_EQ(next.current().writer, own.current().writer);  // names go on where they were
}

TEST(Spool, EveryStepMayBeRepeated) {
  TempDir dir;
  std::ofstream(dir / "counter_42-a.db") << "value";
  const auto files = [] { return std::vector<std::string>{"counter_42-a.db"}; };
  Spool spool(dir.path(), "42-x", files);
  EXPECT_FALSE(spool.is_current());
  spool.save(spool_line({"writer", "w"}));
  EXPECT_TRUE(spool.is_current());
  const FoundInSpool found = list_spool(dir.path());
  ASSERT_EQ(found.claims.size(), 1u);
  EXPECT_THAT(found.claims[0].files, ElementsAre("counter_42-a.db"));
  spool.take_files();
  std::ofstream(dir / "counter_42-a.db") << "a newcomer's";
  spool.take_files();
  EXPECT_THAT(spool.path_of("counter_42-a.db"), HasSubstr("42-x.adopted"));
  spool.commit();
  spool.commit();
  EXPECT_EQ(list_spool(dir.path()).shipped.size(), 1u);
  spool.remove();
  spool.remove();
  EXPECT_TRUE(std::filesystem::exists(dir / "counter_42-a.db"));
  EXPECT_TRUE(list_spool(dir.path()).shipped.empty());
}

TEST(Spool, ARecordOfAnotherVersionAndWhatMayBeItsAreLeftAlone) {
  TempDir dir;
  std::ofstream(dir / "42-x.claim") << "weir-spool\t2\n";
  const FoundInSpool found = list_spool(dir.path());
  EXPECT_EQ(found.unreadable.size(), 1u);
  EXPECT_TRUE(found.claims.empty());
}

TEST(Spool, OneAdopterAtATimeAndAForkedChildIsAnother) {
  TempDir dir;
  const SpoolHold first(dir.path());
  ASSERT_TRUE(first);
  EXPECT_FALSE(SpoolHold(dir.path()));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(SpoolHold(dir.path()) ? 1 : 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(SharedPast, ABatchCountsOnlyWhenItIsFrozenAndNoMoreWhenItIsAnswered) {
  const std::string begin = "writer\tw\nvalue\tjobs\t\t1\t5.0\t0.0\nvalue\tdepth\t\t0\t0.0\t0.0\n";
  const std::string batch = "call\tweir.batch.w\t0\t7\nop\t0\tadd\t2.0\t7.0\t0.0\nop\t1\tset\t3.0\t3.0\t9.5\n";
  EXPECT_TRUE(read_shared_past(spool_lines(begin + batch))->batch.empty());
  const auto frozen = read_shared_past(spool_lines(begin + batch + "frozen\n"));
  ASSERT_EQ(frozen->batch.size(), 1u);
  EXPECT_EQ(frozen->sequence, 7u);
  EXPECT_EQ(frozen->values[0].shipped, 5);
  const auto answered = read_shared_past(spool_lines(begin + batch + "frozen\nanswered\t7\t0\n"));
  EXPECT_TRUE(answered->batch.empty());
  EXPECT_EQ(answered->values[0].shipped, 5);  // refused
  EXPECT_EQ(answered->values[1].shipped, 3);
  EXPECT_EQ(answered->values[1].timestamp, 9.5);
  EXPECT_FALSE(read_shared_past(spool_lines("own\tx\n")));
}

}  // namespace
}  // namespace weir
