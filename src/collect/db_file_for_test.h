// Multiprocess files written byte by byte, for tests: right ones, and ones that are wrong in exactly one place.
#pragma once

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "format/db_file.h"
#include "weir/multiprocess.h"

namespace weir::for_test {

/// A file's bytes, growing entry by entry. Written in one go, so a reader never sees it half done unless a test wants
/// that.
class DbBytes {
 public:
  explicit DbBytes(RecordLayout layout = RecordLayout::value_timestamp, std::uint32_t mark = 0) : layout_(layout) {
    bytes_.assign(kDbHeaderSize, '\0');
    std::memcpy(bytes_.data() + 4, &mark, sizeof mark);
    set_used(static_cast<std::int32_t>(kDbHeaderSize));
  }
  DbBytes& entry(std::string_view key, double value, double timestamp = 0) {
    const auto length = static_cast<std::int32_t>(key.size());
    const std::size_t at = bytes_.size();
    bytes_.resize(at + entry_size(key.size(), layout_), ' ');
    put(at, length);
    std::memcpy(bytes_.data() + at + 4, key.data(), key.size());
    put(at + value_offset(key.size()), value);
    if (layout_ == RecordLayout::value_timestamp) put(at + value_offset(key.size()) + 8, timestamp);
    set_used(static_cast<std::int32_t>(bytes_.size()));
    return *this;
  }
  DbBytes& set_used(std::int32_t used) {
    put(0, used);
    return *this;
  }
  template <typename T>
  DbBytes& put(std::size_t at, T what) {
    std::memcpy(bytes_.data() + at, &what, sizeof what);
    return *this;
  }
  std::string& bytes() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

 private:
  RecordLayout layout_;
  std::string bytes_;
};

/// `["name", "name_total", {labels}, "help"]`
inline std::string key(std::string_view metric, std::string_view sample, std::string_view labels = "",
                       std::string_view help = "h") {
  std::string text = "[\"";
  text.append(metric).append("\", \"").append(sample).append("\", {").append(labels).append("}, \"");
  return text.append(help).append("\"]");
}

/// A directory of its own, gone at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-collect-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream{file, std::ios::binary | std::ios::trunc} << bytes;
    return file;
  }
  std::filesystem::path write(std::string_view name, DbBytes bytes) const { return write(name, bytes.bytes()); }
  /// Overwrites bytes of a file that is there, as a process that counts does.
  void overwrite(std::string_view name, std::size_t offset, std::string_view bytes) const {
    std::fstream file{path_ / name, std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(static_cast<std::streamoff>(offset)).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::filesystem::path path_;
};

/// One `series value` a line, in the collection's order: what tests compare.
inline std::vector<std::string> lines(const Collection& collection) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < collection.snapshot.values.size(); ++i) {
    std::string number = std::to_string(collection.snapshot.values[i]);
    number.erase(number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.pop_back();
    lines.push_back(std::string{collection.snapshot.table->series(i)} + " " + number);
  }
  return lines;
}
inline std::vector<std::string> reasons(const std::vector<Problem>& problems) {
  std::vector<std::string> reasons;
  for (const Problem& problem : problems) reasons.push_back(problem.reason);
  return reasons;
}

}  // namespace weir::for_test
