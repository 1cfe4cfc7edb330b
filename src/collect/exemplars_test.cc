#include "collect/exemplars.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "format/exemplar_record.h"

namespace weir {
namespace {

const std::string kKey = R"(["jobs", "jobs_total", {"q": "a"}, "Jobs."])";

class DirectoryExemplarsTest : public testing::Test {
 protected:
  DirectoryExemplarsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-exemplars-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name;
    SeriesTableBuilder builder;
    builder.family({"jobs", MetricType::counter, "Jobs.", ""});
    builder.series("jobs_total", {{"q", "a"}});
    builder.series("jobs_total", {{"q", "b"}});
    table_ = std::move(builder).finish();
  }
  ~DirectoryExemplarsTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& writer, const std::string& bytes) {
    std::ofstream(directory_ / ("exemplars_" + writer + ".weir"), std::ios::binary) << bytes;
  }
  std::vector<Snapshot::ExemplarAt> read() { return exemplars_.read(directory_, table_, problems_); }
  static Exemplar exemplar(const std::string& trace, double timestamp) { return {{{"trace_id", trace}}, 1, timestamp}; }

  std::filesystem::path directory_;
  std::shared_ptr<const SeriesTable> table_;
  DirectoryExemplars exemplars_;
  std::vector<Problem> problems_;
};

TEST_F(DirectoryExemplarsTest, NewestOfAllWritersIsAttachedToItsSeries) {
  write("1-a", encode_exemplar(kKey, exemplar("old", 10)));
  write("2-b", encode_exemplar(kKey, exemplar("new", 30)));
  write("3-c", encode_exemplar(kKey, exemplar("middle", 20)));
  const auto found = read();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].series, 0U);
  EXPECT_EQ(found[0].exemplar.labels, (Labels{{"trace_id", "new"}}));
  EXPECT_TRUE(problems_.empty());
}

TEST_F(DirectoryExemplarsTest, OneThatChangesIsReadAnew) {
  write("1-a", encode_exemplar(kKey, exemplar("first", 10)));
  EXPECT_EQ(read().at(0).exemplar.labels[0].second, "first");
  write("1-a", encode_exemplar(kKey, exemplar("second", 11)));
  EXPECT_EQ(read().at(0).exemplar.labels[0].second, "second");
}

TEST_F(DirectoryExemplarsTest, TornRecordCostsItselfOnly) {
  std::string torn = encode_exemplar(kKey, exemplar("torn", 99));
  torn[40] = '!';
  write("1-a", torn + encode_exemplar(kKey, exemplar("whole", 1)));
  ASSERT_EQ(read().size(), 1U);
  EXPECT_EQ(read()[0].exemplar.labels[0].second, "whole");
}

TEST_F(DirectoryExemplarsTest, GarbageUnknownSeriesAndBadKeysGiveNothing) {
  write("1-a", "garbage");
  write("2-b", "");
  write("3-c", encode_exemplar("not json", exemplar("x", 1)) +
                   encode_exemplar(R"(["x", "x_total", {}, ""])", exemplar("x", 1)));
  EXPECT_TRUE(read().empty());
}

TEST_F(DirectoryExemplarsTest, WhatNoScraperTakesIsPassedOver) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  write("1-a", encode_exemplar(kKey, exemplar("not UTF-8: \xff", 50)) + encode_exemplar(kKey, exemplar("x", nan)) +
                   encode_exemplar(kKey, {{{"__name__\n", "x"}}, 1, 60}));
  EXPECT_TRUE(read().empty());
  write("2-b", encode_exemplar(kKey, exemplar("good", -5)));
  EXPECT_EQ(read().at(0).exemplar.labels[0].second, "good");
}

TEST_F(DirectoryExemplarsTest, DirectoryWithThatNameIsReported) {
  std::filesystem::create_directory(directory_ / "exemplars_1.weir");
  EXPECT_TRUE(read().empty());
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_EQ(problems_[0].reason, "bad_exemplar_file");
}

TEST_F(DirectoryExemplarsTest, MissingDirectoryHasNone) {
  std::filesystem::remove_all(directory_);
  EXPECT_TRUE(read().empty());
}

}  // namespace
}  // namespace weir
