// The writers of a multiprocess directory, and one family split by them: for the page, while somebody looks.
//
// Nothing is kept between calls. writers() costs an open and a lock question a file, split() a walk over the files of
// the family's type; neither touches what a collection keeps, so a scrape never waits for it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "collect/directory_files.h"
#include "collect/file_entries.h"
#include "collect/writer_state.h"
#include "format/archive_file.h"
#include "format/db_walk.h"
#include "model/series_text.h"
#include "weir/multiprocess.h"

namespace weir {
namespace {

struct Header {
  WriterState state = WriterState::unknown;
  std::uint64_t used = 0;
};

Header look_at(const MergeFile& file) {
  Header found;
  const int fd = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return found;
  char bytes[kDbHeaderSize];
  if (::pread(fd, bytes, sizeof bytes, 0) == static_cast<ssize_t>(sizeof bytes)) {
    const DbHeader header = read_db_header(bytes);
    struct stat file_status {};
    const bool is_known = fstat(fd, &file_status) == 0 && header.used > 0;
    found.used = is_known ? static_cast<std::uint64_t>(std::min<off_t>(header.used, file_status.st_size)) : 0;
    found.state = writer_state(fd, file.name, header.mark == kWeirMark || header.mark == kDeadMark);
  }
  ::close(fd);
  return found;
}

/// `4242` of `4242-18f3a2c07b11`; an identity that begins with no pid has no nonce: it is its own.
std::string_view pid_part(std::string_view identity) {
  const std::string_view pid = identity.substr(0, identity.find('-'));
  return pid.find_first_not_of("0123456789") == std::string_view::npos ? pid : identity;
}

/// Gauges of `all` and `live*` stand in files without the nonce their process's other files carry: their writer is the
/// one of that pid, where there is exactly one.
class Names {
 public:
  explicit Names(const std::vector<MergeFile>& files) {
    for (const MergeFile& file : files) {
      const std::string& identity = file.name.identity;
      std::string& known = full_[std::string(pid_part(identity))];
      if (identity == pid_part(identity)) continue;
      if (known.empty()) known = identity;
      if (known != identity) known = kSeveral;
    }
  }
  std::string of(const FileName& name) const {
    const std::string pid(pid_part(name.identity));
    const std::string& full = full_.at(pid);
    return full == kSeveral ? name.identity : pid;
  }

 private:
  static constexpr const char* kSeveral = "-";
  std::map<std::string, std::string> full_;  // pid to identity with nonce; empty: there is none
};

bool is_of_type(const FileKind& kind, MetricType type) {
  const bool is_stored_type = type == MetricType::counter || type == MetricType::gauge ||
                              type == MetricType::histogram || type == MetricType::summary;
  return !is_stored_type || kind.type == type;
}

class DirectoryWriters final : public WriterView {
 public:
  explicit DirectoryWriters(std::filesystem::path directory) : directory_(std::move(directory)) {}

  std::string storage() const override { return "files"; }
  std::string how_to_write() const override {
    return fmt::format("Start processes with PROMETHEUS_MULTIPROC_DIR={}",
                       std::filesystem::absolute(directory_).lexically_normal().string());
  }

  std::vector<Writer> writers() override {
    const std::vector<MergeFile> files = list();
    const Names names(files);
    std::map<std::string, Writer> by_name;
    for (const MergeFile& file : files) {
      const Header header = look_at(file);
      Writer& writer = by_name[names.of(file.name)];
      // A process that lives in any of its files lives.
      writer.state = writer.files == 0 ? header.state : std::min(writer.state, header.state);
      ++writer.files;
      writer.bytes += header.used;
    }
    std::vector<Writer> out;
    for (auto& [name, writer] : by_name) {
      writer.name = name;
      out.push_back(std::move(writer));
    }
    std::ranges::sort(out, {}, [](const Writer& one) { return std::tie(one.state, one.name); });
    return out;
  }

  FamilySplit split(const FamilyHead& family, std::size_t most) override {
    const std::string metric = name_before_conflict(family);
    std::vector<MergeFile> files = list();
    std::vector<Problem> told_by_collections;
    leave_out_archived(files, told_by_collections);
    const Names names(files);
    FamilySplit split;
    for (const MergeFile& file : files) {
      if (!is_of_type(file.name.kind, family.type)) continue;
      std::vector<FileEntry> entries = read_metric_entries(file, metric);
      if (entries.empty() && family.type == MetricType::counter) entries = read_metric_entries(file, metric + "_total");
      if (entries.empty()) continue;
      const WriterState state = look_at(file).state;
      for (const FileEntry& entry : entries) {
        if (split.shares.size() == most) {
          split.is_cut = true;
          return split;
        }
        SeriesParts parts = parse_series_text(entry.series);
        split.shares.push_back(
            {names.of(file.name), state, std::move(parts.name), std::move(parts.labels), entry.value});
      }
    }
    return split;
  }

 private:
  std::vector<MergeFile> list() const {
    std::vector<Problem> told_by_collections;
    return list_directory(directory_, told_by_collections);
  }

  const std::filesystem::path directory_;
};

}  // namespace

std::unique_ptr<WriterView> directory_writers(std::filesystem::path directory) {
  return std::make_unique<DirectoryWriters>(directory_or_environment(std::move(directory), "a view of writers"));
}

}  // namespace weir
