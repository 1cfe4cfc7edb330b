#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "collect/db_file_for_test.h"
#include "weir/multiprocess.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;
using for_test::TemporaryDirectory;
using testing::ElementsAre;
using testing::IsEmpty;

class DirectoryWriters : public testing::Test {
 protected:
  void SetUp() override { std::signal(SIGIO, SIG_IGN); }

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

  TemporaryDirectory directory_;
  std::unique_ptr<WriterView> view_ = directory_writers(directory_.path());
};

DbBytes ours() { return DbBytes{RecordLayout::value_timestamp, kWeirMark}; }

TEST_F(DirectoryWriters, ProcessWithoutLockOrOpenFileIsDeadAndArchivesAreFolded) {
  directory_.write("counter_4000001-a1.db", ours().entry(key("c", "c_total"), 2));
  directory_.write("counter_4000002.db", DbBytes{}.entry(key("c", "c_total"), 3));
  directory_.write("counter_archive.db", DbBytes{}.entry(key("c", "c_total"), 5));
  EXPECT_THAT(names(), ElementsAre("4000001 dead", "4000002 dead", "archive folded"));
}

TEST_F(DirectoryWriters, FilesOfOneProcessAreOneWriterWithAndWithoutNonce) {
  directory_.write("counter_4000001-a1.db", ours());
  directory_.write("gauge_liveall_4000001.db", ours());
  EXPECT_THAT(names(), ElementsAre("4000001 dead"));
  EXPECT_EQ(view_->writers().front().files, 2u);
}

TEST_F(DirectoryWriters, ReusedPidsAreToldApart) {
  directory_.write("counter_4000001-a1.db", ours());
  directory_.write("counter_4000001-b2.db", ours());
  EXPECT_THAT(names(), ElementsAre("4000001-a1 dead", "4000001-b2 dead"));
}

TEST_F(DirectoryWriters, IdentityWithoutPidIsShownWhole) {
  directory_.write("counter_worker-1.db", ours());
  EXPECT_THAT(names(), ElementsAre("worker-1 dead"));
}

TEST_F(DirectoryWriters, MissingDirectoryHasNone) {
  view_ = directory_writers(directory_.path() / "none");
  EXPECT_THAT(view_->writers(), IsEmpty());
  EXPECT_THAT(view_->split({"c", MetricType::counter, "", ""}, 9).shares, IsEmpty());
}

TEST_F(DirectoryWriters, SplitIsOfOneFamilyAndKeepsWritersApart) {
  directory_.write("counter_1.db", DbBytes{}.entry(key("c", "c_total"), 2).entry(key("cc", "cc_total"), 100));
  directory_.write("counter_2.db", DbBytes{}.entry(R"([ "c","c_total",{},"h"])", 3).entry(key("c", "c_total"), 4));
  directory_.write("gauge_max_2.db", DbBytes{}.entry(key("c", "c"), 9));
  EXPECT_THAT(shares("c", MetricType::counter), ElementsAre("1 c_total 2", "2 c_total 7"));
  EXPECT_THAT(shares("c_conflict_gauge", MetricType::gauge), ElementsAre("2 c 9"));
  EXPECT_THAT(shares("c", MetricType::counter, 1), ElementsAre("1 c_total 2", "cut"));
}

TEST_F(DirectoryWriters, DamagedFilesCostThemselvesOnly) {
  directory_.write("counter_1.db", std::string("garbage that is long enough"));
  directory_.write("counter_2.db", DbBytes{}.entry(key("c", "c_total"), 3));
  EXPECT_THAT(shares("c", MetricType::counter), ElementsAre("2 c_total 3"));
}

}  // namespace
}  // namespace weir
