#include "redis_ship/spool_adopter.h"

#include <sys/stat.h>

#include <charconv>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "redis_layout/random_text.h"
#include "redis_layout/redis_keys.h"
#include "redis_ship/per_process_shipment.h"
#include "redis_ship/shared_shipment.h"
#include "redis_ship/spool.h"
#include "redis_ship/spool_identities.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

Spool spool_of(const std::string& directory, const FoundRecord& record) {
  return Spool(
      directory, record.id, [files = record.files] { return files; }, record.files);
}

std::vector<std::string> paths_of(const Spool& spool, const std::vector<std::string>& files) {
  std::vector<std::string> paths;
  for (const std::string& file : files) {
    if (std::string path = spool.path_of(file); !path.empty()) paths.push_back(std::move(path));
  }
  return paths;
}

/// The pid an identity begins with.
long pid_in(const std::string& identity) {
  long pid = 0;
  std::from_chars(identity.data(), identity.data() + identity.size(), pid);
  return pid;
}

std::string body_of(const FoundRecord& record) {
  std::string body;
  for (const std::vector<std::string>& line : record.lines) {
    if (line[0] != "weir-spool" && line[0] != "file") body += spool_line(line);
  }
  return body;
}

}  // namespace

SpoolAdopter::SpoolAdopter(const RedisSettings& settings, std::shared_ptr<RedisClient> client)
    : settings_(settings), client_(std::move(client)), directory_(spool_place(settings)) {}

Adopted SpoolAdopter::adopt(Clock::time_point until) {
  Adopted done;
  std::error_code unknown;
  if (!std::filesystem::exists(directory_, unknown)) return done;
  const SpoolHold hold(directory_);
  if (hold) attempt(done, [&] { adopt_all(until, done); });
  return done;
}

// What fails costs itself only.
template <typename Step>
void SpoolAdopter::attempt(Adopted& done, const Step& step) {
  try {
    step();
  } catch (const std::exception& error) {
    ++done.waiting;
    done.why = error.what();
  }
}

void SpoolAdopter::adopt_all(Clock::time_point until, Adopted& done) {
  const FoundInSpool found = list_spool(directory_);
  for (const std::string& path : found.unreadable) {
    ++done.waiting;
    done.why = path + " is no record this version of Weir understands; it and what belongs to it is left alone";
  }
  for (const FoundRecord& record : found.shipped) {
    attempt(done, [&] { finish(record); });
  }
  for (const FoundRecord& record : found.claims) {
    if (!owners_are_gone(paths_of(spool_of(directory_, record), record.files))) continue;
    if (Clock::now() >= until) {
      ++done.waiting;
      continue;
    }
    attempt(done, [&] { ++(adopt_record(record) ? done.records : done.waiting); });
  }
  record_orphans(found.unrecorded, until, done);
}

void SpoolAdopter::record_orphans(const std::vector<std::string>& files, Clock::time_point until, Adopted& done) {
  std::map<std::string, std::vector<std::string>> by_identity;
  for (const std::string& file : files) by_identity[parse_file_name(file)->identity].push_back(file);
  for (const auto& [identity, some] : by_identity) {
    if (Clock::now() >= until) {
      ++done.waiting;
      continue;
    }
    attempt(done, [&] { ++(adopt_record(record_for(identity, some)) ? done.records : done.waiting); });
  }
}

FoundRecord SpoolAdopter::record_for(const std::string& identity, const std::vector<std::string>& files) {
  const long pid = pid_in(identity);
  FoundRecord record{fmt::format("{}-{}", pid, random_text()), {}, files};
  std::string body;
  if (settings_.layout == RedisLayout::shared) {
    body = spool_line({"writer", random_text()});
  } else {
    body = spooled_identities(OwnIdentities(client_->is_cluster() ? bucket_of(pid) : "", pid, random_text()));
  }
  record.lines = spool_lines(body);
  return record;
}

std::unique_ptr<Shipment> SpoolAdopter::shipment_for(const FoundRecord& record, const SeriesBook& book, Spool& spool) {
  if (settings_.layout == RedisLayout::shared) {
    std::optional<SharedPast> past = read_shared_past(record.lines);
    if (!past) throw FormatError(fmt::format("{}/{}: the record does not tell its writer", directory_, record.id));
    return std::make_unique<SharedShipment>(settings_, client_, book, spool, std::move(*past));
  }
  std::optional<OwnIdentities> own = read_spooled_identities(record.lines);
  if (!own) throw FormatError(fmt::format("{}/{}: the record does not tell its identity", directory_, record.id));
  return std::make_unique<PerProcessShipment>(settings_, client_, book, spool, std::move(*own));
}

// The record is written before the files leave their names: whatever is called `.adopted` has one.
bool SpoolAdopter::adopt_record(const FoundRecord& record) {
  Spool spool = spool_of(directory_, record);
  SeriesBook book;
  const auto orders = settings_.layout == RedisLayout::shared
                          ? read_shared_past(record.lines).value_or(SharedPast{}).orders
                          : decltype(SharedPast::orders){};
  spool.save(body_of(record));
  spool.take_files();
  for (const std::string& file : record.files) {
    const std::string path = spool.path_of(file);
    if (path.empty() || read_spooled(path, file, orders, book)) continue;
    // What could be read is shipped; the file is kept for people.
    std::filesystem::copy_file(path, path + ".damaged", std::filesystem::copy_options::overwrite_existing);
  }
  const std::unique_ptr<Shipment> shipment = shipment_for(record, book, spool);
  if (!shipment->ship({})) return false;
  spool.commit();
  shipment->goodbye();
  spool.remove();
  log_line(LogLevel::info,
           fmt::format("{}: shipped what {} had counted when it ended", client_->describe(), record.id));
  return true;
}

void SpoolAdopter::finish(const FoundRecord& record) {
  if (const auto own = read_spooled_identities(record.lines)) {
    for (const OwnIdentity& one : own->all()) say_goodbye(*client_, RedisKeys(settings_.key_prefix), one);
  }
  spool_of(directory_, record).remove();
}

Adopted adopt_spool(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                    std::chrono::milliseconds time) {
  return SpoolAdopter(settings, std::move(client)).adopt(SpoolAdopter::Clock::now() + time);
}

}  // namespace weir
