#include "format/archive_file.h"

#include <gmock/gmock.h>

#include "format/db_walk.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::Optional;

constexpr std::string_view kJobsKey = R"(["jobs", "jobs_total", {}, "Jobs."])";

std::string_view behind(std::string_view bytes) {
  return bytes.substr(static_cast<std::size_t>(read_db_header(bytes.data()).used));
}

TEST(ArchiveFile, IsADbFileOfTheCurrentLayout) {
  ArchiveBytes archive;
  archive.append(kJobsKey, 3.5, 12.25);
  const std::string bytes = std::move(archive).finish({});
  const DbHeader header = read_db_header(bytes.data());
  EXPECT_EQ(header.mark, kArchiveMark);
  DbWalk walk{std::string_view{bytes}.substr(kDbHeaderSize), kDbHeaderSize, static_cast<std::size_t>(header.used),
              RecordLayout::value_timestamp};
  DbEntry entry;
  ASSERT_TRUE(walk.next(entry));
  EXPECT_EQ(entry.key, kJobsKey);
  double pair[2];
  std::memcpy(pair, bytes.data() + entry.value_offset, sizeof pair);
  EXPECT_THAT(pair, ElementsAre(3.5, 12.25));
  EXPECT_EQ(entry.value_offset % 8, 0u);
  EXPECT_FALSE(walk.next(entry));
  EXPECT_EQ(walk.stop(), DbWalk::Stop::at_end);
}

TEST(ArchiveFile, NamesItsSourcesBehindTheUsedBytes) {
  ArchiveBytes archive;
  archive.append(kJobsKey, 1, 0);
  const std::string bytes = std::move(archive).finish({"counter_1-a.db", "counter_2-b.db"});
  EXPECT_THAT(read_archive_sources(behind(bytes)), Optional(ElementsAre("counter_1-a.db", "counter_2-b.db")));
}

TEST(ArchiveFile, NamesCutShortAreNoNames) {
  const std::string bytes = ArchiveBytes{}.finish({"counter_1-a.db"});
  const std::string_view names = behind(bytes);
  for (std::size_t length = 0; length < names.size(); ++length) {
    EXPECT_EQ(read_archive_sources(names.substr(0, length)), std::nullopt) << length;
  }
}

TEST(ArchiveFile, ItsIdentityIsNoProcess) {
  EXPECT_TRUE(is_archive_name(*parse_file_name("gauge_max_archive.db")));
  EXPECT_FALSE(is_archive_name(*parse_file_name("gauge_max_4242-18f3.db")));
}

}  // namespace
}  // namespace weir
