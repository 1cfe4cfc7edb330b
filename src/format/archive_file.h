// An archive: what the writers that have ended counted, folded into one `.db` file a kind (protocol P6).
//
//   counter_archive.db, gauge_max_archive.db, …
//
//   offset 0      uint32  used, as in every `.db` file
//          4      uint32  kArchiveMark
//          8      entries, as in every `.db` file, of the current layout; a sum that no double can say is several of
//          them
//   used          8 bytes `WEIRSRCS`
//   used + 8      uint32  number of names
//   used + 12     names: uint16 length and bytes, each the name of a file (no directory) whose values are in the
//   entries
//
// Readers that know of names skip those files, should they still stand there: a fold that was killed between its commit
// and its clean-up has not removed them. Stock readers stop at `used` and see one more process's file. An archive is
// written whole under another name and renamed, so it is never seen half done.
//
// Thread safety: pure functions. Invariants: I2, I4 (names that cannot be read are an error, never a guess).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/file_name.h"

namespace weir {

/// In the header's padding word: `WARC` in little endian.
inline constexpr std::uint32_t kArchiveMark = 0x43524157;
/// The identity in an archive's name. No process has it: a pid is a number.
inline constexpr std::string_view kArchiveIdentity = "archive";

inline bool is_archive_name(const FileName& name) noexcept { return name.identity == kArchiveIdentity; }

/// The kinds that are folded. Gauges of `all` keep a series a process, and live* gauges end with theirs.
inline constexpr std::array<FileKind, 7> kArchiveKinds{{{MetricType::counter},
                                                        {MetricType::histogram},
                                                        {MetricType::summary},
                                                        {MetricType::gauge, GaugeMode::sum},
                                                        {MetricType::gauge, GaugeMode::min},
                                                        {MetricType::gauge, GaugeMode::max},
                                                        {MetricType::gauge, GaugeMode::mostrecent}}};

/// An archive's bytes, growing entry by entry.
class ArchiveBytes {
 public:
  ArchiveBytes();
  /// `key` is the JSON key. Throws StorageError where the file would pass 2 GiB, the most its `used` can say.
  void append(std::string_view key, double value, double timestamp);
  /// Ends it with the names of its sources; nothing may be appended afterwards.
  std::string finish(const std::vector<std::string>& sources) &&;
  std::size_t size() const noexcept { return bytes_.size(); }

 private:
  std::string bytes_;
};

/// The names in the bytes behind `used`, as parts of these; nothing where they are not whole.
std::optional<std::vector<std::string_view>> read_archive_sources(std::string_view bytes);

}  // namespace weir
