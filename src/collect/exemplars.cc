#include "collect/exemplars.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "collect/open_directory.h"
#include "format/exemplar_record.h"
#include "model/names.h"
#include "model/series_text.h"
#include "weir/error.h"

namespace weir {
namespace {

// About 50,000 series with exemplars in one process; a larger file is somebody's mistake.
constexpr std::size_t kMaxFileSize = 64U << 20U;

bool is_sidecar(std::string_view name) noexcept {
  return name.starts_with(kExemplarFilePrefix) && name.ends_with(kExemplarFileSuffix);
}

// The whole file, or what it came to while it was read.
std::string read_whole(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

// Text that is not UTF-8 would cost the whole scrape (I4); times decide which one is shown.
bool is_usable(const Exemplar& exemplar) noexcept {
  return std::isfinite(exemplar.timestamp) && std::ranges::all_of(exemplar.labels, [](const Label& label) {
           return is_classic_label_name(label.first) && is_valid_utf8(label.second);
         });
}

}  // namespace

DirectoryExemplars::Newest DirectoryExemplars::newest(const std::filesystem::path& directory,
                                                      std::vector<Problem>& problems) {
  Newest newest;
  used_texts_ = 0;
  // Not std::filesystem's iterator: it makes a path of every name, of which thousands may be none of ours.
  const OpenDirectory listing = open_directory(directory);
  while (const dirent* const entry = listing ? readdir(listing.get()) : nullptr) {
    if (is_sidecar(entry->d_name)) read_file(directory / entry->d_name, newest, problems);
  }
  if (texts_.size() > 2 * used_texts_ + 1000) texts_.clear();
  return newest;
}

std::vector<Snapshot::ExemplarAt> DirectoryExemplars::read(const std::filesystem::path& directory,
                                                           const std::shared_ptr<const SeriesTable>& table,
                                                           std::vector<Problem>& problems) {
  Newest newest = this->newest(directory, problems);
  std::vector<Snapshot::ExemplarAt> found;
  for (std::size_t i = 0; !newest.empty() && i < table->size(); ++i) {
    const auto it = newest.find(table->series(i));
    if (it == newest.end()) continue;
    found.push_back({i, std::move(it->second)});
    newest.erase(it);
  }
  return found;
}

void DirectoryExemplars::read_file(const std::filesystem::path& path, Newest& newest, std::vector<Problem>& problems) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    if (errno != ENOENT) {
      problems.push_back(
          {"unreadable", path.string(), fmt::format("{}: open: {}", path.string(), std::strerror(errno))});
    }
    if (fd >= 0) ::close(fd);
    return;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size > kMaxFileSize) {
    problems.push_back({"bad_exemplar_file", path.string(),
                        fmt::format("{}: {} bytes; an exemplar file is a regular file of at most {}", path.string(),
                                    size, kMaxFileSize)});
    ::close(fd);
    return;
  }
  const std::string bytes = read_whole(fd, size);
  ::close(fd);
  std::string_view rest = bytes;
  while (const auto record_size = exemplar_record_size(rest)) {
    if (auto record = decode_exemplar(rest); record && is_usable(record->exemplar)) {
      const auto [held, is_first] = newest.try_emplace(text_of(record->key));
      if (is_first || record->exemplar.timestamp >= held->second.timestamp) held->second = std::move(record->exemplar);
    }
    rest.remove_prefix(*record_size);
  }
}

const std::string& DirectoryExemplars::text_of(std::string_view key) {
  ++used_texts_;
  const auto [it, is_new] = texts_.try_emplace(std::string(key));
  if (is_new) {
    try {
      parser_.parse(key, parsed_);
      append_series_text(it->second, parsed_.sample_name, parsed_.labels);
    } catch (const FormatError&) {
      it->second.clear();  // matches no series
    }
  }
  return it->second;
}

}  // namespace weir
