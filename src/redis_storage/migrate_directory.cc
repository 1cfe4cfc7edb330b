#include "redis_storage/migrate_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "collect/directory_files.h"
#include "collect/exemplars.h"
#include "collect/file_entries.h"
#include "format/archive_file.h"
#include "redis_collect/claims_on_server.h"
#include "redis_collect/redis_merge_scan.h"
#include "redis_layout/exemplar_json.h"
#include "redis_layout/host_name.h"
#include "redis_storage/migrated_writer.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr int kAttempts = 5;

/// One process, as its files call it.
struct Process {
  std::string identity;
  bool is_label = false;  // its identity is shown in a label
  std::vector<const MergeFile*> files;
};

/// The key of the i-th part of a sum: another spelling, the same series.
std::string key_of_part(const std::string& json_key, std::size_t i) {
  return json_key.substr(0, 1) + std::string(i, ' ') + json_key.substr(1);
}

std::string member_of(const MigratedValue& value) {
  return fmt::format("{}:{}", to_string(value.kind), md5_hex(value.json_key));
}

/// Parts that an earlier run wrote and that are none any more become 0.
void clear_old_parts(std::set<std::string> members, std::vector<MigratedValue>& values) {
  for (const MigratedValue& value : values) members.erase(member_of(value));
  const std::size_t count = values.size();
  for (std::size_t v = 0; v < count && !members.empty(); ++v) {
    for (std::size_t i = 1; i <= kMostRests; ++i) {
      MigratedValue part{.kind = values[v].kind, .json_key = key_of_part(values[v].json_key, i), .exemplar = {}};
      if (members.erase(member_of(part)) > 0) values.push_back(std::move(part));
    }
  }
}

/// However a directory is named, the same files have the same token.
std::string one_spelling(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::canonical(directory, error);
  return error ? std::filesystem::absolute(directory).string() : path.string();
}

class DirectoryMigration {
 public:
  DirectoryMigration(RedisClient& client, const MigrateOptions& options)
      : client_(client), options_(options), directory_(one_spelling(options.directory)), keys_(options.key_prefix) {}

  Migration run() {
    std::vector<MergeFile> files = list_directory(options_.directory, done_.problems);
    leave_out_archived(files, done_.problems);
    const std::vector<Process> processes = processes_of(files);
    if (processes.empty()) return std::move(done_);
    if (std::ranges::any_of(files, [](const MergeFile& file) { return is_archive_name(file.name); })) {
      refuse_what_was_archived_since(processes);
    }
    exemplars_ = DirectoryExemplars().newest(options_.directory, done_.problems);
    find_taken_names();
    for (std::size_t i = 0; i < processes.size(); ++i) {
      migrate(processes[i]);
      if (options_.progress) options_.progress(i + 1, processes.size());
    }
    return std::move(done_);
  }

 private:
  /// Those whose identity is their pid label come first: they need the name as it stands.
  std::vector<Process> processes_of(const std::vector<MergeFile>& files) {
    std::map<std::string, Process> found;
    for (const MergeFile& file : files) {
      const FileKind kind = file.name.kind;
      if (kind.type == MetricType::gauge && is_live(kind.mode)) {
        ++done_.live_gauge_files;
        continue;
      }
      Process& process = found[file.name.identity];
      process.identity = file.name.identity;
      process.files.push_back(&file);
      process.is_label = process.is_label || identity_is_label(kind);
    }
    std::vector<Process> processes;
    processes.reserve(found.size());
    for (auto& [identity, process] : found) processes.push_back(std::move(process));
    std::stable_partition(processes.begin(), processes.end(), [](const Process& process) { return process.is_label; });
    return processes;
  }

  /// A process brought before and folded into an archive of the directory since would be counted twice.
  void refuse_what_was_archived_since(const std::vector<Process>& processes) {
    std::set<std::string> here;
    for (const Process& process : processes) here.insert(token_of(process));
    RedisReading reading(client_);
    for (const ClaimOnServer& claim : read_claims(reading, keys_)) {
      if (claim.migrated_from != directory_ || claim.host != host_name()) continue;
      const std::string token = client_.command({{"HGET", keys_.claim(claim.writer), "token"}, {}, true, true}).text;
      if (here.contains(token)) continue;
      throw StorageError(
          fmt::format("cannot migrate {}: its process {} was brought to Redis before, and has been folded into an "
                      "archive since, so "
                      "what it counted would stand there twice; bring the directory to another key prefix",
                      directory_, claim.writer));
    }
  }

  /// Writers that have values, claimed or not.
  void find_taken_names() {
    for (const std::string& key : client_.scan_keys(escape_pattern(options_.key_prefix) + ":*:metric:*")) {
      if (const auto parts = parse_redis_key(options_.key_prefix, key)) taken_.emplace(parts->writer);
    }
  }

  std::string token_of(const Process& process) const {
    return md5_hex(fmt::format("weir migrate\n{}\n{}\n{}", host_name(), directory_, process.identity));
  }

  std::vector<MigratedValue> values_of(const Process& process, MigratedProcess& told) {
    std::vector<MigratedValue> values;
    for (const MergeFile* file : process.files) {
      FileContent content = read_file_entries(*file, done_.problems);
      ++done_.files;
      told.is_counting = told.is_counting || content.writer_lives;
      for (FileEntry& entry : content.entries) {
        for (std::size_t i = 0; i < entry.rest.size(); ++i) {
          values.push_back({.kind = file->name.kind,
                            .json_key = key_of_part(entry.key, i + 1),
                            .value = entry.rest[i],
                            .timestamp = entry.timestamp,
                            .exemplar = {}});
        }
        MigratedValue value{.kind = file->name.kind,
                            .json_key = std::move(entry.key),
                            .value = entry.value,
                            .timestamp = entry.timestamp,
                            .exemplar = {}};
        take_exemplar(entry.series, value);
        values.push_back(std::move(value));
      }
    }
    return values;
  }

  /// A reader shows the newest of a series, so one writer with it is enough.
  void take_exemplar(const std::string& series, MigratedValue& value) {
    if (value.kind.type != MetricType::counter && value.kind.type != MetricType::histogram) return;
    const auto found = exemplars_.find(series);
    if (found == exemplars_.end()) return;
    value.exemplar = exemplar_json(found->second);
    exemplars_.erase(found);
  }

  void migrate(const Process& process) {
    MigratedProcess told{.identity = process.identity, .writer = {}, .files = process.files.size()};
    std::vector<MigratedValue> values = values_of(process, told);
    if (values.empty()) return;  // nothing to claim a name for
    MigratedWriter writer(client_, keys_, wanted_name(process.identity, process.is_label), token_of(process));
    write(writer, values, told);
    told.writer = writer.name();
    done_.processes.push_back(std::move(told));
  }

  void write(MigratedWriter& writer, std::vector<MigratedValue>& values, MigratedProcess& told) {
    using State = MigratedProcess::State;
    const auto is_taken = [this](const std::string& name) { return taken_.contains(name); };
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      writer.find(is_taken);
      told.state = writer.was_folded() ? State::folded : writer.was_there() ? State::updated : State::added;
      if (told.state == State::folded) return;
      taken_.insert(writer.name());
      told.values = values.size();
      if (options_.dry_run) return;
      if (!writer.claim(directory_)) continue;
      if (writer.was_there()) clear_old_parts(writer.members(), values);
      std::vector<Problem> refused;
      if (!writer.send(values, refused)) continue;  // folded this very moment: find() says so
      writer.finish();
      told.values = values.size() - refused.size();
      if (!refused.empty()) told.state = State::failed;
      done_.problems.insert(done_.problems.end(), refused.begin(), refused.end());
      return;
    }
    told.state = State::failed;
    told.values = 0;
    done_.problems.push_back({.reason = "identity_taken",
                              .subject = told.identity,
                              .message = fmt::format("process {}: no name was free for it in Redis at each of {} "
                                                     "attempts; run the migration again",
                                                     told.identity, kAttempts)});
  }

  RedisClient& client_;
  const MigrateOptions& options_;
  const std::string directory_;
  const RedisKeys keys_;
  Migration done_;
  DirectoryExemplars::Newest exemplars_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace

Migration migrate_directory(RedisClient& client, const MigrateOptions& options) {
  return DirectoryMigration(client, options).run();
}

}  // namespace weir
