// DbReader::read(): the values of a file whose cells are known.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "collect/db_reader.h"

namespace weir {

bool DbReader::read(ValueSums& sums, ReadBuffers& buffers, const SeriesSet& set, std::vector<Problem>& problems) {
  if (cells_.empty()) return true;
  if (!fresh_values_.empty()) {
    give_fresh_values(sums, set, problems);
    return true;
  }
  if (descriptor_ < 0 && !reopen()) return false;
  const bool is_same = read_open(sums, buffers, set, problems);
  if (!keep_open_) close();
  return is_same;
}

/// The file that sync() met, and no other that has come to its name since: an archive has its predecessor's keys.
bool DbReader::reopen() {
  struct stat found {};
  if (open_descriptor() != 0) return false;
  if (fstat(descriptor_, &found) == 0 && found.st_ino == inode_ && found.st_dev == device_) return true;
  close();
  return false;
}

/// Keys and values came from the same bytes, so there is nothing to check, and the file need not be open.
void DbReader::give_fresh_values(ValueSums& sums, const SeriesSet& set, std::vector<Problem>& problems) {
  std::vector<CellPlace> refused;
  const CellWindow window{.begin = cells_.data(), .end = cells_.data() + cells_.size(), .values = fresh_values_.data()};
  sums.add(name_.kind, window, refused);
  tell_refused(refused, set, problems);
  fresh_values_ = {};
}

bool DbReader::read_open(ValueSums& sums, ReadBuffers& buffers, const SeriesSet& set, std::vector<Problem>& problems) {
  const bool has_timestamps = layout_.value_or(RecordLayout::value_timestamp) == RecordLayout::value_timestamp;
  const std::size_t value_size = has_timestamps ? 16 : 8;
  const bool needs_pairs = has_timestamps && reads_pairs();
  std::vector<CellPlace> refused;
  std::size_t next_witness = 0;
  const CellPlace* const last = cells_.data() + cells_.size();
  std::size_t position = 0;
  for (const CellPlace* cell = cells_.data(); cell != last;) {
    const std::size_t offset = position / kLine * kLine;
    const std::size_t room = std::max(ReadBuffers::kWindow, cell->offset() + value_size - offset);
    const std::size_t length = std::min(room, walked_ - offset);
    char* bytes = buffers.first(room);
    const std::size_t end = offset + read_at(bytes, length, offset);
    CellWindow window{.begin = cell, .end = cell, .bytes = bytes, .offset = offset, .has_timestamps = has_timestamps};
    const CellPlace* const fits = std::partition_point(
        cell, last, [&](const CellPlace& candidate) { return candidate.offset() + value_size <= end; });
    if (fits == cell || !witnesses_agree(next_witness, bytes, offset, end, set.seed())) return false;
    window.end = fits;
    if (needs_pairs && !settle_pairs(window, bytes, end - offset, buffers)) return false;
    sums.add(name_.kind, window, refused);
    cell = fits;
    position = cell[-1].offset() + value_size;
  }
  tell_refused(refused, set, problems);
  return true;
}

void DbReader::tell_refused(const std::vector<CellPlace>& refused, const SeriesSet& set,
                            std::vector<Problem>& problems) const {
  for (const CellPlace& cell : refused) {
    tell(problems, "nan_value",
         fmt::format("{} has at offset {} the value NaN for {}; a count is a number, so it is left out", path_,
                     cell.offset(), set.text(cell.series)));
  }
}

bool DbReader::witnesses_agree(std::size_t& next, const char* window, std::size_t offset, std::size_t end,
                               HashSeed seed) const {
  for (; next < witnesses_.size(); ++next) {
    const Witness& witness = witnesses_[next];
    if (witness.key_at + witness.length > end) return true;
    if (witness.key_at < offset) continue;
    if (hash_of({window + (witness.key_at - offset), witness.length}, seed) != witness.hash) return false;
  }
  return true;
}

/// Makes value and timestamp of every cell belong together: a writer may store both between our copying the one and the
/// other. Two equal looks in a row cannot be torn, because every store brings a newer timestamp.
bool DbReader::settle_pairs(const CellWindow& window, char* bytes, std::size_t length, ReadBuffers& buffers) {
  constexpr std::size_t kPair = 16;
  char* again = buffers.second(length);
  if (read_at(again, length, window.offset) < length) return false;
  for (const CellPlace* cell = window.begin; cell != window.end; ++cell) {
    char* known = bytes + (cell->offset() - window.offset);
    char* look = again + (cell->offset() - window.offset);
    for (int attempt = 0; std::memcmp(known, look, kPair) != 0 && attempt < kPairAttempts; ++attempt) {
      std::memcpy(known, look, kPair);
      if (read_at(look, kPair, cell->offset()) < kPair) return false;
    }
  }
  return true;
}

}  // namespace weir
