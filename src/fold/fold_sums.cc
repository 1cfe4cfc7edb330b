#include "fold/fold_sums.h"

#include "format/archive_file.h"

namespace weir {
namespace {

/// From the largest double's first bit to the smallest one's last, 53 bits a part.
constexpr std::size_t kMostParts = 40;

}  // namespace

void FoldSums::take(const FileContent& content) {
  for (const FileEntry& entry : content.entries) {
    const auto [found, is_new] = numbers_.try_emplace(entry.series, keys_.size());
    if (is_new) {
      keys_.push_back(entry.key);
      merged_.emplace_back();
    } else {
      keys_[found->second] = entry.key;
    }
    MergedEntry& merged = merged_[found->second];
    merged.take(rule_, {entry.value, entry.timestamp});
    for (const double part : entry.rest) merged.take(rule_, {part, entry.timestamp});
  }
}

std::string FoldSums::archive(const std::vector<std::string>& sources) const {
  ArchiveBytes bytes;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    FileEntry entry;
    merged_[i].give(rule_, kMostParts, entry);
    bytes.append(keys_[i], entry.value, entry.timestamp);
    for (const double part : entry.rest) bytes.append(keys_[i], part, entry.timestamp);
  }
  return std::move(bytes).finish(sources);
}

}  // namespace weir
