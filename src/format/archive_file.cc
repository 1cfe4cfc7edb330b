#include "format/archive_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "format/db_file.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::string_view kMagic = "WEIRSRCS";

template <typename T>
void append_raw(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Takes a number off the front; false where there are too few bytes.
template <typename T>
bool take(std::string_view& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return true;
}

}  // namespace

ArchiveBytes::ArchiveBytes() : bytes_(kDbHeaderSize, '\0') {
  std::memcpy(bytes_.data() + 4, &kArchiveMark, sizeof kArchiveMark);
}

void ArchiveBytes::append(std::string_view key, double value, double timestamp) {
  const std::size_t size = entry_size(key.size(), RecordLayout::value_timestamp);
  if (bytes_.size() + size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw StorageError(fmt::format("an archive cannot pass 2 GiB, and {} bytes are full", bytes_.size()));
  }
  const std::size_t end = bytes_.size() + size;
  append_raw(bytes_, static_cast<std::int32_t>(key.size()));
  bytes_.append(key);
  bytes_.resize(end - 2 * sizeof(double), ' ');
  append_raw(bytes_, value);
  append_raw(bytes_, timestamp);
}

std::string ArchiveBytes::finish(const std::vector<std::string>& sources) && {
  const auto used = static_cast<std::int32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &used, sizeof used);
  bytes_.append(kMagic);
  append_raw(bytes_, static_cast<std::uint32_t>(sources.size()));
  for (const std::string& name : sources) {
    append_raw(bytes_, static_cast<std::uint16_t>(name.size()));
    bytes_.append(name);
  }
  return std::move(bytes_);
}

std::optional<std::vector<std::string_view>> read_archive_sources(std::string_view bytes) {
  std::uint32_t count = 0;
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  bytes.remove_prefix(kMagic.size());
  if (!take(bytes, count)) return std::nullopt;
  std::vector<std::string_view> names;
  names.reserve(std::min<std::size_t>(count, bytes.size() / sizeof(std::uint16_t)));
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint16_t length = 0;
    if (!take(bytes, length) || bytes.size() < length) return std::nullopt;
    names.push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return names;
}

}  // namespace weir
