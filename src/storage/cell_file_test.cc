#include "storage/cell_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <set>

#include "storage/group_for_test.h"
#include "weir/error.h"

namespace weir {
namespace {

const FileName kName{{MetricType::counter, {}}, "42-abc"};

template <typename T>
T at(const std::string& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool somebody_holds_the_lock(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_len = 1;
  const int result = ::fcntl(fd, F_OFD_GETLK, &lock);
  ::close(fd);
  return result == 0 && lock.l_type != F_UNLCK;
}

TEST(CellFile, AppearsCompleteLockedAndMarked) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, RecordLayout::value_timestamp);
  ASSERT_NE(file, nullptr);
  EXPECT_THAT(directory.names(), testing::ElementsAre("counter_42-abc.db"));
  const std::string bytes = bytes_of(file->path());
  EXPECT_EQ(bytes.size(), 65536U);
  EXPECT_EQ(at<std::uint32_t>(bytes, 0), 8U);
  EXPECT_EQ(bytes.substr(4, 4), "WEIR");
  EXPECT_TRUE(somebody_holds_the_lock(file->path()));
}

// The mapping keeps the open file, and so its lock, alive: nothing a program does with descriptors makes a live writer
// look dead.
TEST(CellFile, LockOutlivesTheDescriptor) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, RecordLayout::value_timestamp);
  file->abandon();
  file->abandon();
  EXPECT_TRUE(somebody_holds_the_lock(file->path()));
}

TEST(CellFile, LockEndsWithTheProcess) {
  TestDirectory directory;
  const pid_t owner = ::fork();
  if (owner == 0) {
    const auto file = CellFile::create(directory.path(), kName, RecordLayout::value_timestamp);
    ::_exit(somebody_holds_the_lock(file->path()) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(owner, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(somebody_holds_the_lock(directory.path() / to_string(kName)));
}

TEST(CellFile, ExistingNameIsLeftAlone) {
  TestDirectory directory;
  std::ofstream(directory.path() / "counter_42-abc.db") << "somebody else's";
  EXPECT_EQ(CellFile::create(directory.path(), kName, RecordLayout::value_timestamp), nullptr);
  EXPECT_EQ(bytes_of(directory.path() / "counter_42-abc.db"), "somebody else's");
  EXPECT_EQ(directory.names().size(), 1U);
}

TEST(CellFile, EntryIsInvisibleUntilPublished) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, RecordLayout::value_timestamp);
  file->append("[\"a\"]");
  EXPECT_EQ(at<std::uint32_t>(bytes_of(file->path()), 0), 8U);
  file->publish();
  EXPECT_EQ(at<std::uint32_t>(bytes_of(file->path()), 0), 64U);
}

class CellFileLayout : public testing::TestWithParam<RecordLayout> {};
INSTANTIATE_TEST_SUITE_P(Layouts, CellFileLayout,
                         testing::Values(RecordLayout::value_timestamp, RecordLayout::value_only));

// The walk every reader does, stock ones too.
TEST_P(CellFileLayout, EntriesFollowEachOtherAsReadersExpect) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, GetParam());
  std::vector<std::string> keys;
  std::vector<Cell*> cells;
  for (std::size_t n = 0; n < 300; ++n) {
    keys.push_back("[\"" + std::string(n, 'k') + "\"]");
    cells.push_back(file->append(keys.back()));
    cells.back()->value.store(static_cast<double>(n) + 0.5);
  }
  file->publish();
  const std::string bytes = bytes_of(file->path());
  std::size_t offset = kDbHeaderSize;
  for (std::size_t n = 0; n < keys.size(); ++n) {
    const auto length = static_cast<std::size_t>(at<std::int32_t>(bytes, offset));
    std::string key = bytes.substr(offset + 4, length);
    key.erase(key.find_last_not_of(' ') + 1);
    ASSERT_EQ(key, keys[n]);
    ASSERT_EQ(at<double>(bytes, offset + value_offset(length)), static_cast<double>(n) + 0.5);
    offset += entry_size(length, GetParam());
  }
  EXPECT_EQ(offset, at<std::uint32_t>(bytes, 0));
}

TEST_P(CellFileLayout, CellsHaveCacheLinesOfTheirOwn) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, GetParam());
  std::set<std::uintptr_t> lines;
  for (std::size_t n = 0; n < 300; ++n) {
    const auto address = reinterpret_cast<std::uintptr_t>(file->append(std::string(n % 90, 'k')));
    EXPECT_EQ(address % 64, 48U);
    lines.insert(address / 64);
  }
  EXPECT_EQ(lines.size(), 300U);
}

TEST_P(CellFileLayout, CellsKeepTheirAddressWhileTheFileGrows) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, GetParam());
  std::vector<Cell*> cells;
  for (int n = 0; n < 20000; ++n) {
    cells.push_back(
        file->append("[\"some_metric\", \"some_metric_total\", {\"n\": \"" + std::to_string(n) + "\"}, \"help\"]"));
    cells.back()->value.store(n);
  }
  file->publish();
  const std::string bytes = bytes_of(file->path());
  EXPECT_EQ(bytes.size() & (bytes.size() - 1), 0U) << "sizes double";
  std::size_t offset = kDbHeaderSize;
  for (int n = 0; n < 20000; ++n) {
    const auto length = static_cast<std::size_t>(at<std::int32_t>(bytes, offset));
    ASSERT_EQ(at<double>(bytes, offset + value_offset(length)), n);
    ASSERT_EQ(cells[static_cast<std::size_t>(n)]->value.load(), n);
    offset += entry_size(length, GetParam());
  }
}

TEST(CellFile, KeyLongerThanTheFileFits) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, RecordLayout::value_timestamp);
  const std::string key(300000, 'k');
  file->reserve({key});
  Cell* const cell = file->append(key);
  file->publish();
  cell->value.store(7);
  const std::string bytes = bytes_of(file->path());
  EXPECT_EQ(bytes.compare(12, key.size(), key), 0);
  EXPECT_EQ(at<double>(bytes, at<std::uint32_t>(bytes, 0) - 16), 7);
}

TEST(CellFile, KeyThatReadersWouldTakeForDamageIsRefused) {
  TestDirectory directory;
  const auto file = CellFile::create(directory.path(), kName, RecordLayout::value_timestamp);
  EXPECT_THROW(file->reserve({std::string(kMaxKeyLength, 'k')}), StorageError);  // padded, it would be longer
  const std::string longest(kMaxKeyLength - 64, 'k');
  file->reserve({longest});
  file->append(longest);
  file->publish();
  const std::string bytes = bytes_of(file->path());
  EXPECT_LE(at<std::int32_t>(bytes, kDbHeaderSize), static_cast<std::int32_t>(kMaxKeyLength));
}

TEST(CellFile, MissingDirectoryIsNamed) {
  try {
    CellFile::create("/nonexistent/weir", kName, RecordLayout::value_timestamp);
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("/nonexistent/weir/counter_42-abc.db: create: No such file"));
  }
}

}  // namespace
}  // namespace weir
