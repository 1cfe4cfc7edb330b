#include "scrape/floor.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "format/db_file.h"

namespace weir::bench {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// A table of raw keys that is trusted with their 64-bit hash, which is the least a merge needs.
class KeySums {
 public:
  KeySums() : entries_(4096) {}

  void add(const char* key, std::size_t length, double value) {
    const std::uint64_t hash = hash_of(key, length);
    std::size_t at = hash & (entries_.size() - 1);
    while (entries_[at].hash != hash && entries_[at].hash != 0) at = (at + 1) & (entries_.size() - 1);
    if (entries_[at].hash == 0) {
      entries_[at].hash = hash;
      if (++used_ * 2 > entries_.size()) {
        grow();
        for (at = hash & (entries_.size() - 1); entries_[at].hash != hash;) at = (at + 1) & (entries_.size() - 1);
      }
    }
    entries_[at].sum += value;
  }
  std::size_t size() const noexcept { return used_; }
  double sum() const noexcept {
    double all = 0;
    for (const Entry& entry : entries_) all += entry.sum;
    return all;
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    double sum = 0;
  };

  static std::uint64_t hash_of(const char* key, std::size_t length) noexcept {
    std::uint64_t h1 = length;
    std::uint64_t h2 = 0x9e3779b97f4a7c15U;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    for (; length >= 16; length -= 16, key += 16) {
      std::memcpy(&a, key, 8);
      std::memcpy(&b, key + 8, 8);
      h1 = fold(h1 ^ a, h2 ^ b ^ 0xe7037ed1a0b428dbU);
    }
    std::memcpy(&a, key + length - 16, 8);  // overlaps what was read: keys are longer than 16 bytes
    std::memcpy(&b, key + length - 8, 8);
    return fold(h1 ^ a, h2 ^ b) | 1U;
  }
  void grow() {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.hash == 0) continue;
      std::size_t at = entry.hash & (entries_.size() - 1);
      while (entries_[at].hash != 0) at = (at + 1) & (entries_.size() - 1);
      entries_[at] = entry;
    }
  }

  std::vector<Entry> entries_;
  std::size_t used_ = 0;
};

void walk(const char* bytes, std::size_t used, KeySums& sums) {
  for (std::size_t at = kDbHeaderSize; at < used;) {
    std::int32_t length = 0;
    std::memcpy(&length, bytes + at, 4);
    const std::size_t value_at = at + value_offset(static_cast<std::size_t>(length));
    double value = 0;
    std::memcpy(&value, bytes + value_at, 8);
    sums.add(bytes + at + 4, static_cast<std::size_t>(length), value);
    at = value_at + 16;
  }
}

void read_whole(int descriptor, char* into, std::size_t size, std::size_t offset = 0) {
  if (pread(descriptor, into, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size))
    throw std::runtime_error("pread");
}

}  // namespace

double cold_floor(const std::filesystem::path& directory, std::size_t& series) {
  static constexpr std::size_t kFirst = 32 * 1024;
  KeySums sums;
  std::vector<char> buffer(kFirst);
  DIR* const listing = opendir(directory.c_str());
  if (listing == nullptr) throw std::runtime_error("opendir");
  while (const dirent* const entry = readdir(listing)) {
    if (entry->d_name[0] == '.') continue;
    const int file = openat(dirfd(listing), entry->d_name, O_RDONLY | O_CLOEXEC);
    read_whole(file, buffer.data(), kFirst);  // the files of this bench have 64 KiB at least
    std::uint32_t used = 0;
    std::memcpy(&used, buffer.data(), 4);
    if (buffer.size() < used) buffer.resize(used);
    if (used > kFirst) read_whole(file, buffer.data() + kFirst, used - kFirst, kFirst);
    close(file);
    walk(buffer.data(), used, sums);
  }
  closedir(listing);
  series = sums.size();
  return sums.sum();
}

WarmFloor::WarmFloor(const Directory& directory) : values_(directory.series().size()), prefixes_(directory.series()) {
  std::size_t largest = 0;
  for (std::size_t f = 0; f < directory.files().size(); ++f) {
    const Directory::File& file = directory.files()[f];
    File known{file.descriptor, file.bytes.size(), {}};
    for (std::size_t i = 0; i < file.values.size(); ++i)
      known.cells.emplace_back(file.values[i], directory.series_of(f, i));
    files_.push_back(std::move(known));
    largest = std::max(largest, file.bytes.size());
  }
  buffer_ = std::make_unique<char[]>(largest);
}

std::string_view WarmFloor::scrape() {
  values_.assign(values_.size(), 0);
  for (const File& file : files_) {
    read_whole(file.descriptor, buffer_.get(), file.size);
    for (const auto& [offset, series] : file.cells) {
      double value = 0;
      std::memcpy(&value, buffer_.get() + offset, 8);
      values_[series] += value;
    }
  }
  return prefixes_.render(values_);
}

}  // namespace weir::bench
