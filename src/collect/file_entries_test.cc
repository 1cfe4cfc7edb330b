#include "collect/file_entries.h"

#include <gtest/gtest.h>

#include <limits>

#include "collect/db_file_for_test.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;
using for_test::reasons;
using for_test::TemporaryDirectory;

class FileEntries : public ::testing::Test {
 protected:
  FileContent read(const std::string& name, const DbBytes& bytes) {
    const std::filesystem::path path = directory.write(name, bytes);
    return read_file_entries({.path = path.string(), .name = *parse_file_name(name)}, problems);
  }
  TemporaryDirectory directory;
  std::vector<Problem> problems;
};

TEST_F(FileEntries, EntriesOfOneKeyAddUpExactly) {
  const std::string name = key("a", "a_total");
  const FileContent content = read("counter_1.db", DbBytes().entry(name, 1e17).entry(name, 1).entry(name, -1e17));
  ASSERT_EQ(content.entries.size(), 1U);
  EXPECT_EQ(content.entries[0].value, 1);
  EXPECT_EQ(content.entries[0].key, name);
  EXPECT_EQ(content.entries[0].series, "a_total");
}

TEST_F(FileEntries, WhatOneDoubleCannotSayComesInParts) {
  const std::string name = key("a", "a_total");
  const FileContent content = read("counter_1.db", DbBytes().entry(name, 1e17).entry(name, 0.1).entry(name, 1e-9));
  ASSERT_EQ(content.entries.size(), 1U);
  EXPECT_EQ(content.entries[0].value, 1e17);
  ASSERT_FALSE(content.entries[0].rest.empty());
  EXPECT_EQ(content.entries[0].rest[0], 0.1 + 1e-9);
  EXPECT_TRUE(read("counter_1.db", DbBytes().entry(name, 1).entry(name, 2)).entries[0].rest.empty());
}

TEST_F(FileEntries, BothRecordLayoutsAreRead) {
  for (const RecordLayout layout : {RecordLayout::value_timestamp, RecordLayout::value_only}) {
    const FileContent content = read(
        "histogram_1.db", DbBytes(layout).entry(key("h", "h_bucket", R"("le": "1.0")"), 2).entry(key("h", "h_sum"), 3));
    ASSERT_EQ(content.entries.size(), 2U);
    EXPECT_EQ(content.entries[1].value, 3);
  }
}

TEST_F(FileEntries, GaugesMergeByTheirMode) {
  const auto value = [this](const std::string& mode) {
    const std::string name = key("g", "g");
    return read("gauge_" + mode + "_1.db", DbBytes().entry(name, 3, 20).entry(name, 5, 10)).entries.at(0).value;
  };
  EXPECT_EQ(value("min"), 3);
  EXPECT_EQ(value("max"), 5);
  EXPECT_EQ(value("sum"), 8);
  EXPECT_EQ(value("all"), 5);
  EXPECT_EQ(value("mostrecent"), 3);
}

TEST_F(FileEntries, KeysInAnotherOrderOfLabelsAreOne) {
  const FileContent content = read("counter_1.db", DbBytes()
                                                       .entry(key("a", "a_total", R"("x": "1", "y": "2")"), 1)
                                                       .entry(key("a", "a_total", R"("y": "2", "x": "1")"), 2));
  ASSERT_EQ(content.entries.size(), 1U);
  EXPECT_EQ(content.entries[0].value, 3);
}

TEST_F(FileEntries, WhatIsDamagedIsNamedAndTheRestRead) {
  DbBytes bytes =
      DbBytes().entry(key("a", "a_total"), 1).entry(key("b", "b_total"), std::numeric_limits<double>::quiet_NaN());
  bytes.entry("no key", 1).set_used(static_cast<std::int32_t>(bytes.size()) + 400);
  const FileContent content = read("counter_1.db", bytes);
  EXPECT_EQ(content.entries.size(), 1U);
  EXPECT_EQ(reasons(problems), (std::vector<std::string>{"truncated", "bad_key", "nan_value"}));
}

TEST_F(FileEntries, WhatIsNoDatabaseIsNamed) {
  const std::filesystem::path path = directory.write("counter_1.db", "not a metrics file");
  EXPECT_TRUE(
      read_file_entries({.path = path.string(), .name = *parse_file_name("counter_1.db")}, problems).entries.empty());
  EXPECT_EQ(reasons(problems), (std::vector<std::string>{"not_a_db_file"}));
}

}  // namespace
}  // namespace weir
