#include "storage/file_storage.h"

#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "format/exemplar_record.h"
#include "format/json_key.h"
#include "storage/cell_space.h"
#include "storage/setup_lock.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr int kMaxNamesakes = 10000;

// Start time and randomness: names this process's files for ever, where its pid comes back one day.
std::string new_nonce() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::uint32_t random = 0;
  static_cast<void>(::getrandom(&random, sizeof random, GRND_NONBLOCK));
  return fmt::format("{:x}{:08x}", std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), random);
}

FileKind kind_of(const CellGroup& group) { return {group.type(), group.mode()}; }

std::vector<std::string> keys_of(const CellGroup& group) {
  std::vector<std::string> keys(group.cell_count());
  for (std::uint32_t i = 0; i < group.cell_count(); ++i) {
    const CellGroup::SampleName name = group.sample_name(i);
    keys[i] = json_key(group.family_name(), name.sample_name, name.labels, group.help());
  }
  return keys;
}

}  // namespace

FileStorage::FileStorage(std::filesystem::path directory, FileLayout layout)
    : directory_(std::move(directory)), layout_(layout), nonce_(new_nonce()) {}

std::vector<std::string> FileStorage::file_names() const {
  std::vector<std::string> names;
  for (const auto& [kind, file] : files_) {
    if (file != nullptr) names.push_back(file->path().filename());
  }
  return names;
}

void FileStorage::make_cells(const CellGroup& group, std::size_t slot, std::span<Cell*> out) {
  const FileKind kind = kind_of(group);
  const bool gauge = kind.type == MetricType::gauge;
  if (layout_ == FileLayout::v0_16 && gauge && without_live(kind.mode) == GaugeMode::mostrecent) {
    throw StorageError(
        fmt::format("gauge {}: mode {} needs time stamps, which the 0.16 file layout has not; set "
                    "WEIR_FILE_LAYOUT=current or choose another mode",
                    group.family_name(), to_string(kind.mode)));
  }
  CellFile& file = file_for(kind);
  const std::vector<std::string> keys = keys_of(group);
  file.reserve(keys);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Key key{to_string(kind), keys[i]};
    if (gauge && slot == kShared) {
      Cell*& cell = gauges_[std::move(key)];
      if (cell == nullptr) cell = file.append(keys[i]);
      out[i] = cell;
    } else {
      Cell* const again = take_released(key);
      out[i] = again != nullptr ? again : file.append(keys[i]);
    }
  }
  file.publish();
}

// What a removed child counted stays in the file, or a total would fall; if the child returns, it goes on in the same
// cells.
void FileStorage::release_cells(const CellGroup& group, std::size_t /*slot*/, std::span<Cell* const> cells) noexcept {
  if (group.type() == MetricType::gauge) return;  // gauges_ knows it
  try {
    const std::vector<std::string> keys = keys_of(group);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (cells[i] != nullptr) released_[{to_string(kind_of(group)), keys[i]}].push_back(cells[i]);
    }
  } catch (const std::exception&) {
    // The cells stay in the file and are counted; a returning child starts new ones.
  }
}

Cell* FileStorage::take_released(const Key& key) {
  const auto it = released_.find(key);
  if (it == released_.end()) return nullptr;
  Cell* const cell = it->second.back();
  it->second.pop_back();
  if (it->second.empty()) released_.erase(it);
  return cell;
}

CellFile& FileStorage::file_for(FileKind kind) {
  std::unique_ptr<CellFile>& file = files_[to_string(kind)];
  if (file == nullptr) file = create(kind);
  return *file;
}

std::unique_ptr<CellFile> FileStorage::create(FileKind kind) WEIR_NO_THREAD_SAFETY_ANALYSIS {
  const RecordLayout layout = layout_ == FileLayout::v0_16 ? RecordLayout::value_only : RecordLayout::value_timestamp;
  const long pid = ::getpid();
  for (int attempt = 0; attempt < kMaxNamesakes; ++attempt) {
    std::string identity = fmt::format("{}-{}", pid, nonce_);
    if (identity_is_label(kind))
      identity = label_suffix_ == 0 ? fmt::format("{}", pid) : fmt::format("{}-{}", pid, label_suffix_);
    if (auto file = CellFile::create(directory_, {kind, identity}, layout)) {
      if (!file->is_locked()) {
        cell_space().say_later(
            LogLevel::warning,
            fmt::format("{}: the owner's lock was refused; the file works, but nobody can tell when its "
                        "writer has ended",
                        file->path().string()));
      }
      return file;
    }
    ++label_suffix_;
    nonce_ = new_nonce();
  }
  throw StorageError(fmt::format("{}: {} files of pid {} stand there already; remove the old ones", directory_.string(),
                                 kMaxNamesakes, pid));
}

void FileStorage::put_exemplar(const CellGroup& group, std::uint32_t i, const Exemplar& exemplar) {
  if (exemplars_ == nullptr) {
    const std::string name = fmt::format("{}{}-{}{}", kExemplarFilePrefix, ::getpid(), nonce_, kExemplarFileSuffix);
    exemplars_ = std::make_unique<ExemplarFile>(directory_ / name);
  }
  const CellGroup::SampleName name = group.sample_name(i);
  exemplars_->put(json_key(group.family_name(), name.sample_name, name.labels, group.help()), exemplar);
}

void FileStorage::close_after_fork() noexcept {
  for (auto& [kind, file] : files_) {
    if (file != nullptr) file->abandon();
  }
  if (exemplars_ != nullptr) exemplars_->abandon();
}

void FileStorage::start_in_child() {
  for (auto& [kind, file] : files_) {
    if (file != nullptr) parents_.push_back(std::move(file));
  }
  files_.clear();
  exemplars_.reset();
  released_.clear();
  gauges_.clear();
  nonce_ = new_nonce();
  label_suffix_ = 0;
}

Storage& file_storage(const std::filesystem::path& directory, FileLayout layout) {
  if (directory.empty()) {
    throw ConfigError("file storage: the directory is empty; give a path or set PROMETHEUS_MULTIPROC_DIR");
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw StorageError(fmt::format("{}: create directory: {}", directory.string(), error.message()));
  const std::filesystem::path canonical = std::filesystem::canonical(directory, error);
  if (error) throw StorageError(fmt::format("{}: {}", directory.string(), error.message()));
  if (::access(canonical.c_str(), W_OK | X_OK) != 0) {
    throw StorageError(fmt::format("{}: not writable: {}", canonical.string(), std::strerror(errno)));
  }
  using Storages = std::map<std::pair<std::filesystem::path, FileLayout>, FileStorage*>;
  static constinit std::atomic<Storages*> storages{nullptr};
  const SetupHold hold;
  FileStorage*& storage = made_once(storages)[{canonical, layout}];
  if (storage == nullptr) {
    storage = new FileStorage(canonical, layout);
    cell_space().add_storage(*storage);
  }
  return *storage;
}

}  // namespace weir
