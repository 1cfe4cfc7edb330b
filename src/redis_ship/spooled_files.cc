#include "redis_ship/spooled_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "collect/file_entries.h"
#include "collect/liveness.h"
#include "format/db_walk.h"
#include "format/json_key.h"
#include "redis_layout/redis_keys.h"
#include "redis_ship/spool.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::string_view kLockName = "/.adopter.lock";
constexpr std::time_t kAbandoned = 60;  // seconds an unfinished file has not changed

// A process's own threads do not exclude each other by that kind of lock. The pid: a forked child is nobody's rival.
std::atomic<long> holder{0};

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// A file of Weir's whose owner is gone.
bool is_orphan(const std::string& path, const FileName& name) {
  const Descriptor file(path);
  char header[kDbHeaderSize];
  if (file.get() < 0 || ::pread(file.get(), header, sizeof header, 0) != sizeof header) return false;
  return read_db_header(header).mark == kWeirMark && writer_liveness(file.get(), name.identity) == Liveness::dead;
}

void remove_if_abandoned(const std::string& path) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0 || std::time(nullptr) - std::max(now.st_mtime, now.st_ctime) < kAbandoned) return;
  const Descriptor file(path);
  if (file.get() >= 0 && !owner_lock_held(file.get())) ::unlink(path.c_str());
}

/// False when it is no record this version understands.
bool read_record(const std::string& path, std::string id, std::vector<FoundRecord>& into) {
  FoundRecord record{std::move(id), spool_lines(read_whole(path)), {}};
  if (record.lines.empty()) return ::access(path.c_str(), F_OK) != 0;  // gone this moment: its owner has finished
  if (record.lines[0] != std::vector<std::string>{"weir-spool", "1"}) return false;
  for (const std::vector<std::string>& line : record.lines) {
    if (line[0] == "file" && line.size() == 2 && line[1].find('/') == std::string::npos)
      record.files.push_back(line[1]);
  }
  into.push_back(std::move(record));
  return true;
}

}  // namespace

SpoolHold::SpoolHold(const std::string& directory) {
  const long me = ::getpid();
  long before = holder.load();
  if (before == me || !holder.compare_exchange_strong(before, me)) return;
  const int fd = ::open((directory + std::string(kLockName)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fd >= 0 && ::fcntl(fd, F_SETLK, &whole) == 0) {
    fd_ = fd;
    return;
  }
  if (fd >= 0) ::close(fd);
  holder.store(0);
}

SpoolHold::~SpoolHold() {
  if (fd_ < 0) return;
  ::close(fd_);
  holder.store(0);
}

FoundInSpool list_spool(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename());
  }
  if (error) throw StorageError(fmt::format("cannot list the spool directory {}: {}", directory, error.message()));
  std::ranges::sort(names);
  FoundInSpool found;
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    if (name.starts_with('.') && name.ends_with(".tmp")) remove_if_abandoned(path);
    if (name.starts_with('.')) continue;
    const bool is_claim = name.ends_with(kClaimSuffix);
    if (!is_claim && !name.ends_with(kShippedSuffix)) continue;
    std::string id = name.substr(0, name.rfind('.'));
    if (!read_record(path, std::move(id), is_claim ? found.claims : found.shipped)) found.unreadable.push_back(path);
  }
  if (!found.unreadable.empty()) return found;
  for (const std::string& name : names) {
    const std::optional<FileName> parsed = parse_file_name(name);
    if (parsed && is_orphan(directory + "/" + name, *parsed)) found.unrecorded.push_back(name);
  }
  if (found.unrecorded.empty()) return found;
  // Seen dead now, a file may have been recorded after the records were read: they are looked at once more.
  std::set<std::string> recorded;
  std::vector<FoundRecord> again;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    const bool is_record = !name.starts_with('.') && (name.ends_with(kClaimSuffix) || name.ends_with(kShippedSuffix));
    if (is_record && !read_record(at->path(), name, again)) found.unreadable.push_back(at->path());
  }
  if (error || !found.unreadable.empty()) found.unrecorded.clear();
  for (const FoundRecord& record : again) recorded.insert(record.files.begin(), record.files.end());
  std::erase_if(found.unrecorded, [&](const std::string& name) { return recorded.contains(name); });
  return found;
}

bool owners_are_gone(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const Descriptor file(path);
    if (file.get() < 0) {
      if (errno == ENOENT) continue;
      return false;
    }
    const std::string name = std::filesystem::path(path).filename();
    const std::optional<FileName> parsed = parse_file_name(name.substr(0, name.find(".db") + 3));
    if (!parsed || writer_liveness(file.get(), parsed->identity) == Liveness::alive) return false;
  }
  return true;
}

namespace {

BookedName booked_name(FileKind kind, const std::string& json, KeyParser& parser) {
  MetricKey key;
  parser.parse(json, key);
  BookedName name{kind,
                  json,
                  md5_hex(json),
                  std::move(key.metric_name),
                  std::move(key.sample_name),
                  std::move(key.help),
                  std::move(key.labels),
                  {}};
  if (kind.type != MetricType::histogram || !name.sample_name.ends_with("_bucket")) return name;
  const auto bound = std::ranges::find(name.labels, "le", &Label::first);
  if (bound == name.labels.end()) return name;
  name.bound = bound->second;
  name.labels.erase(bound);
  return name;
}

void put_in_order(Labels& labels, const std::vector<std::string>& order) {
  const auto place = [&](const Label& label) { return std::ranges::find(order, label.first) - order.begin(); };
  std::ranges::stable_sort(labels, {}, place);
}

}  // namespace

bool read_spooled(const std::string& path, const std::string& file,
                  const std::map<std::pair<std::string, std::string>, std::vector<std::string>>& orders,
                  SeriesBook& book) {
  const std::optional<FileName> name = parse_file_name(file);
  if (!name) return false;
  std::vector<Problem> problems;
  const FileContent content = read_file_entries({path, *name}, problems);
  KeyParser parser;
  for (const FileEntry& entry : content.entries) {
    BookedName booked = booked_name(name->kind, entry.key, parser);
    if (const auto order = orders.find({to_string(name->kind), entry.key}); order != orders.end()) {
      put_in_order(booked.labels, order->second);
    }
    const RegistrationHold hold;
    book.add_counted(std::move(booked), entry.value, entry.timestamp);
  }
  for (const Problem& problem : problems) log_line(LogLevel::warning, "adopting values: " + problem.message);
  return problems.empty();
}

}  // namespace weir
