#include "weir/redis_storage_dict.h"

#include <algorithm>

#include <fmt/format.h>

#include "redis_storage/live_gauges.h"
#include "redis_storage/value_hashes.h"

namespace weir {
namespace {

constexpr FileKind kCounter{MetricType::counter, GaugeMode::all};

// A gauge named without its mode is the one there is.
FileKind kind_of(const ValueHashes& hashes, std::string_view key, std::string_view metric_type, std::string_view mode) {
  FileKind kind = kind_from(metric_type, mode);
  if (kind.type == MetricType::gauge && mode.empty()) kind.mode = hashes.find_mode(key).value_or(kind.mode);
  return kind;
}

}  // namespace

RedisStorageDict::RedisStorageDict(std::shared_ptr<RedisClientProtocol> redis_client, std::string_view key_prefix)
    : hashes_(std::make_unique<const ValueHashes>(std::move(redis_client), key_prefix)) {}

RedisStorageDict::~RedisStorageDict() = default;

std::pair<double, double> RedisStorageDict::read_value(std::string_view key, std::string_view metric_type,
                                                       std::string_view multiprocess_mode) {
  const auto [value, timestamp] = hashes_->read_or_make(key, kind_of(*hashes_, key, metric_type, multiprocess_mode));
  return {value, timestamp};
}

void RedisStorageDict::write_value(std::string_view key, double value, std::optional<double> timestamp,
                                   std::string_view metric_type, std::string_view multiprocess_mode) {
  const std::uint64_t number = next_write_number();
  hashes_->write(key, kind_of(*hashes_, key, metric_type, multiprocess_mode), value, timestamp, number);
}

std::vector<std::tuple<std::string, double, double>> RedisStorageDict::read_all_values() const {
  std::vector<std::tuple<std::string, double, double>> all;
  for (auto& entry : hashes_->read_all()) {
    all.emplace_back(std::move(entry.key), entry.value.value, entry.value.timestamp);
  }
  return all;
}

void RedisStorageDict::ensure_metadata(std::string_view key, std::string_view typ, std::string_view multiprocess_mode) {
  hashes_->ensure_metadata(key, kind_from(typ, multiprocess_mode));
}

std::size_t RedisStorageDict::cleanup_dead_worker(long pid) { return remove_live_gauges(*hashes_, pid); }

double RedisStorageDict::at(std::string_view key) const {
  const auto entry = hashes_->find(key);
  if (!entry) throw ValueError(fmt::format("RedisStorageDict::at: this process holds no value of {}", key));
  return entry->value.value;
}

double RedisStorageDict::get(std::string_view key, double otherwise) const {
  const auto entry = hashes_->find(key);
  return entry ? entry->value.value : otherwise;
}

void RedisStorageDict::set(std::string_view key, double value) {
  const std::uint64_t number = next_write_number();
  const auto entry = hashes_->find(key);
  hashes_->write(key, entry ? entry->kind : kCounter, value, std::nullopt, number);
}

bool RedisStorageDict::erase(std::string_view key) {
  const auto entry = hashes_->find(key);
  if (!entry) return false;
  const auto erased = hashes_->erase(key, entry->kind);
  if (erased == ValueHashes::Erased::owned) hashes_->throw_owned("erase", key, entry->kind);
  return erased == ValueHashes::Erased::erased;
}

bool RedisStorageDict::contains(std::string_view key) const { return hashes_->find(key).has_value(); }

std::vector<RedisStorageDict::Item> RedisStorageDict::items() const {
  std::vector<Item> items;
  for (auto& entry : hashes_->read_all()) {
    if (items.empty() || items.back().first != entry.key) items.emplace_back(std::move(entry.key), entry.value.value);
  }
  return items;
}

std::size_t RedisStorageDict::size() const { return items().size(); }

std::vector<std::string> RedisStorageDict::keys() const {
  std::vector<std::string> keys;
  for (auto& [key, value] : items()) keys.push_back(std::move(key));
  return keys;
}

std::vector<double> RedisStorageDict::values() const {
  std::vector<double> values;
  for (const auto& [key, value] : items()) values.push_back(value);
  return values;
}

void RedisStorageDict::clear() {
  for (const auto& entry : hashes_->read_all()) hashes_->erase(entry.key, entry.kind);
}

void RedisStorageDict::update(const std::vector<Item>& items) {
  for (const auto& [key, value] : items) set(key, value);
}

void RedisStorageDict::update(const RedisStorageDict& other) {
  for (const auto& entry : other.hashes_->read_all()) {
    hashes_->write(entry.key, entry.kind, entry.value.value, entry.value.timestamp, next_write_number());
  }
}

}  // namespace weir
