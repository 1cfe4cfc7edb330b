#include "collect/inspect.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include "format/json_key.h"
#include "weir/error.h"

namespace weir {
namespace {

class Inspect : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGIO, SIG_IGN);
    std::string name = testing::TempDir() + "weir-inspect-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::string entry(int i) {
    const std::string key = json_key("m", "m_total", {{"i", std::to_string(i)}}, "help");
    const auto size = static_cast<std::int32_t>(key.size());
    std::string out(reinterpret_cast<const char*>(&size), 4);
    out += key;
    out.resize(value_offset(key.size()), ' ');
    const double values[2] = {1.0, 0.0};
    out.append(reinterpret_cast<const char*>(values), sizeof values);
    return out;
  }
  void write(const std::string& name, const std::string& entries, std::uint32_t mark = 0) const {
    const auto used = static_cast<std::int32_t>(kDbHeaderSize + entries.size());
    std::ofstream out(directory_ / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&used), 4).write(reinterpret_cast<const char*>(&mark), 4);
    out << entries << std::string(64, '\0');
  }
  InspectedFile only() const {
    const auto files = inspect_directory(directory_);
    EXPECT_EQ(files.size(), 1U);
    return files.at(0);
  }

  std::filesystem::path directory_;
};

TEST_F(Inspect, NameLayoutAndEntriesAreTold) {
  write("gauge_livesum_42.db", entry(1) + entry(2) + entry(3));
  const InspectedFile file = only();
  EXPECT_EQ(file.name->identity, "42");
  EXPECT_EQ(file.name->kind.mode, GaugeMode::livesum);
  EXPECT_EQ(file.entries, 3U);
  EXPECT_EQ(file.layout, RecordLayout::value_timestamp);
  EXPECT_FALSE(file.by_weir);
}

TEST_F(Inspect, EntriesBeyondOneWindowAreCounted) {
  std::string entries;
  const std::size_t count = 2 * 2 * kMaxKeyLength / entry(1).size();
  for (std::size_t i = 0; i < count; ++i) entries += entry(100 + static_cast<int>(i % 10));
  write("counter_42.db", entries);
  EXPECT_EQ(only().entries, count);
}

TEST_F(Inspect, StockWriterLivesWhileTheFileIsOpenForWriting) {
  write("counter_42.db", entry(1));
  const int held = open((directory_ / "counter_42.db").c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(only().writer, WriterState::alive);
  close(held);
  EXPECT_EQ(only().writer, WriterState::dead);
}

TEST_F(Inspect, WeirWriterLivesWhileItHoldsItsLock) {
  write("counter_42-ab.db", entry(1), kWeirMark);
  const int held = open((directory_ / "counter_42-ab.db").c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_len = 1;
  ASSERT_EQ(fcntl(held, F_OFD_SETLK, &lock), 0);
  EXPECT_EQ(only().writer, WriterState::alive);
  EXPECT_TRUE(only().by_weir);
  close(held);
}

TEST_F(Inspect, DamageEndsTheCountAndNothingElse) {
  std::string damaged = entry(1) + entry(2);
  const std::int32_t absurd = 0x7fffffff;
  std::memcpy(damaged.data() + entry(1).size(), &absurd, sizeof absurd);
  write("counter_42.db", damaged);
  EXPECT_LE(only().entries, 1U);
}

TEST_F(Inspect, EmptyGarbageAndForeignFilesAreListed) {
  std::ofstream(directory_ / "counter_1.db").close();
  std::ofstream(directory_ / "counter_2.db") << std::string(5000, 'x');
  std::ofstream(directory_ / "notes.db") << "hello";
  std::ofstream(directory_ / "readme.txt") << "hello";
  ASSERT_EQ(mkfifo((directory_ / "counter_3.db").c_str(), 0600), 0);
  const auto files = inspect_directory(directory_);
  ASSERT_EQ(files.size(), 4U);
  for (const InspectedFile& file : files) EXPECT_EQ(file.entries, 0U) << file.path;
  EXPECT_FALSE(files[3].name.has_value());
}

TEST_F(Inspect, MissingDirectoryIsAnErrorThatNamesIt) {
  try {
    inspect_directory(directory_ / "absent");
    FAIL() << "a directory that is not there was listed";
  } catch (const StorageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("absent"));
  }
}

}  // namespace
}  // namespace weir
