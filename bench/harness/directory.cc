#include "harness/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "format/db_file.h"
#include "format/json_key.h"

namespace weir::bench {
namespace {

constexpr std::size_t kFamilies = 40;

// Short names: an entry takes 104 bytes, as the targets' 13 MB for 128,000 of them say.
std::string family_name(std::size_t entry) { return fmt::format("requests_{:02}", entry % kFamilies); }

Labels labels_of(std::size_t entry, std::size_t worker) {
  return {{"path", fmt::format("/v1/{:05}", entry)}, {"worker", fmt::format("{:03}", worker)}};
}

std::string series_text(const std::string& name, const Labels& labels) {
  std::string text = name + "_total{";
  for (const auto& [label, value] : labels)
    text += fmt::format("{}{}=\"{}\"", text.back() == '{' ? "" : ",", label, value);
  return text + "}";
}

}  // namespace

Directory::Directory(DirectoryOptions options) : options_(std::move(options)) {
  std::filesystem::remove_all(options_.path);
  std::filesystem::create_directories(options_.path);
  for (std::size_t file = 0; file < options_.files; ++file) make_file(file);
  truth_.resize(series_.size());
  change_values(0);
}

Directory::~Directory() {
  for (const File& file : files_) close(file.descriptor);
  std::error_code ignored;
  std::filesystem::remove_all(options_.path, ignored);
}

void Directory::make_file(std::size_t index) {
  const std::size_t worker = options_.distinct ? index : 0;
  File file;
  file.bytes.resize(kDbHeaderSize);
  for (std::size_t entry = 0; entry < options_.entries; ++entry) {
    const std::string name = family_name(entry);
    const Labels labels = labels_of(entry, worker);
    if (options_.distinct || index == 0) series_.push_back(series_text(name, labels));
    const std::string key = json_key(name, name + "_total", labels, "Served.");
    const std::size_t at = file.bytes.size();
    file.bytes.resize(at + entry_size(key.size(), RecordLayout::value_timestamp), ' ');
    const auto length = static_cast<std::int32_t>(key.size());
    std::memcpy(file.bytes.data() + at, &length, 4);
    std::memcpy(file.bytes.data() + at + 4, key.data(), key.size());
    file.values.push_back(at + value_offset(key.size()));
    std::memset(file.bytes.data() + file.values.back(), 0, 16);
  }
  const auto used = static_cast<std::int32_t>(file.bytes.size());
  std::memcpy(file.bytes.data(), &used, 4);
  std::size_t size = kInitialFileSize;
  while (size < file.bytes.size()) size *= 2;
  file.path = options_.path / fmt::format("counter_{}.db", 4000000 + index);  // beyond any live pid
  file.descriptor = open(file.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file.descriptor < 0 || ftruncate(file.descriptor, static_cast<off_t>(size)) != 0) {
    throw std::runtime_error("cannot write " + file.path.string());
  }
  files_.push_back(std::move(file));
}

void Directory::change_values(std::size_t round) {
  truth_.assign(truth_.size(), 0);
  for (std::size_t f = 0; f < files_.size(); ++f) {
    File& file = files_[f];
    for (std::size_t i = 0; i < file.values.size(); ++i) {
      const auto value = static_cast<double>((f + 1) * (i + 3) + round);
      std::memcpy(file.bytes.data() + file.values[i], &value, sizeof value);
      truth_[series_of(f, i)] += value;
    }
    if (pwrite(file.descriptor, file.bytes.data(), file.bytes.size(), 0) != static_cast<ssize_t>(file.bytes.size())) {
      throw std::runtime_error("cannot write " + file.path.string());
    }
  }
}

}  // namespace weir::bench
