// What lies in a spool directory: records, values, and whether their owners live.
//
//   const SpoolHold hold(directory);          // one adopter at a time, on this machine
//   if (hold) for (const FoundRecord& record : list_spool(directory).claims) …
//
// Thread safety: pure but for system calls; SpoolHold from any thread.
// Process safety: the lock is one that fork does not pass on and the kernel drops with its process, however that ends.
#pragma once

#include <string>
#include <vector>

#include "redis_ship/series_book.h"
#include "redis_ship/shared_spool.h"

namespace weir {

/// The right to adopt what is in a directory.
class SpoolHold {
 public:
  explicit SpoolHold(const std::string& directory);
  ~SpoolHold();
  SpoolHold(const SpoolHold&) = delete;
  SpoolHold& operator=(const SpoolHold&) = delete;
  /// False: somebody else adopts, or it cannot be asked.
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct FoundRecord {
  std::string id;
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> files;
};

struct FoundInSpool {
  std::vector<FoundRecord> claims;
  std::vector<FoundRecord> shipped;
  std::vector<std::string> unrecorded;  ///< value files of owners that are gone, which no record names
  std::vector<std::string> unreadable;  ///< records that cannot be read; then `unrecorded` is empty: it may be theirs
};

/// Throws StorageError naming the directory. Old unfinished files of killed processes are removed.
FoundInSpool list_spool(const std::string& directory);

/// True when no process counts in any of the files; `paths` are where they are.
bool owners_are_gone(const std::vector<std::string>& paths);

/// Takes the entries of a file at `path`, once called `file`, into `book`, labels in the order of `orders` where it
/// tells. False when something of the file could not be read: that is logged.
bool read_spooled(const std::string& path, const std::string& file,
                  const std::map<std::pair<std::string, std::string>, std::vector<std::string>>& orders,
                  SeriesBook& book);

}  // namespace weir
