#include "redis_collect/shared_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "format/number.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

using Parts = std::map<std::string, bool>;  // part to whether its key is a hash

/// What a metric without metadata is, by its keys.
SharedMetadata metadata_by_keys(const std::string& name, const Parts& parts) {
  SharedMetadata metadata;
  metadata.sample = name;
  if (parts.contains("+Inf")) {
    metadata.type = MetricType::histogram;
    for (const auto& [part, is_hash] : parts) {
      if (!part.empty() && part != "count" && part != "sum") metadata.buckets.push_back(part);
    }
    std::sort(metadata.buckets.begin(), metadata.buckets.end(),
              [](const std::string& a, const std::string& b) { return parse_number(a) < parse_number(b); });
  } else if (parts.contains("count") && parts.contains("sum")) {
    metadata.type = MetricType::summary;
  }
  return metadata;
}

bool is_of_another_layout(const std::string& name) {
  return name.starts_with("weir:") || name.find(":metric:") != std::string::npos ||
         name.find(":meta:") != std::string::npos || name.find(":weir:") != std::string::npos;
}

}  // namespace

SharedReader::SharedReader(const std::string& prefix, bool scans, RedisReading& reading)
    : keys_(prefix), scans_(scans), reading_(&reading), scan_(escape_pattern(keys_.begin()) + "*") {}

void SharedReader::read(std::vector<Problem>& problems) {
  read_metadata(problems);
  if (scans_) find_undescribed(problems);
  const std::vector<SharedFamily*> all = families();
  std::vector<RedisCommand> commands;
  std::vector<std::pair<SharedFamily*, std::size_t>> places;
  for (SharedFamily* family : all) {
    family->begin();
    for (std::size_t column = 0; column < family->columns().size(); ++column) {
      commands.push_back(family->command(column));
      places.emplace_back(family, column);
    }
  }
  reading_->ask_each(commands, [&](std::size_t i, const RedisReply& reply) {
    places[i].first->take(places[i].second, reply, problems);
  });
}

void SharedReader::read_metadata(std::vector<Problem>& problems) {
  const RedisCommand command = read_command({"HGETALL", keys_.metadata()});
  const std::vector<RedisReply> replies = reading_->ask({&command, 1});
  const RedisReply& reply = replies[0];
  if (reply.is_error()) problems.push_back(problem_of_error(keys_.metadata(), reply));
  std::map<std::string, Described> before = std::exchange(described_, {});
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const std::string& name = reply.elements[i].text;
    const auto known = before.find(name);
    if (known != before.end() && known->second.json == reply.elements[i + 1].text) {
      described_.insert(before.extract(known));
      const std::string& refused = described_.at(name).refused;
      if (!refused.empty()) problems.push_back({"bad_metadata", keys_.metadata(), refused});
    } else {
      describe(name, reply.elements[i + 1].text, problems);
    }
  }
  for (auto& [name, gone] : before) {
    if (gone.family) gone_.push_back(std::move(gone.family));
  }
}

void SharedReader::describe(const std::string& name, const std::string& json, std::vector<Problem>& problems) {
  Described described{.json = json, .family = nullptr, .refused = {}};
  try {
    SharedMetadata metadata = parse_shared_metadata(json);
    const bool is_hash = !metadata.labels.empty();
    described.family = std::make_unique<SharedFamily>(name, std::move(metadata), keys_, is_hash);
  } catch (const FormatError& error) {
    described.refused = fmt::format("{}: field {}: {}", keys_.metadata(), printable(name), error.what());
    problems.push_back({"bad_metadata", keys_.metadata(), described.refused});
  }
  described_.emplace(name, std::move(described));
}

void SharedReader::find_undescribed(std::vector<Problem>& problems) {
  if (scan_.refresh(*reading_, problems)) take_keys();
  // Described meanwhile, by a program of ours.
  for (const auto& [name, described] : described_) {
    if (const auto known = undescribed_.find(name); known != undescribed_.end()) {
      gone_.push_back(std::move(known->second));
      undescribed_.erase(known);
    }
  }
}

void SharedReader::take_keys() {
  std::vector<RedisCommand> commands;
  std::vector<std::string> names;
  for (const std::string& key : scan_.take_keys()) {
    std::string name = key.substr(keys_.begin().size());
    if (is_of_another_layout(name) || !parse_shared_name(name)) continue;
    names.push_back(std::move(name));
    commands.push_back(read_command({"TYPE", key}));
  }
  std::map<std::string, Parts> parts;
  try {
    reading_->ask_each(commands, [&](std::size_t i, const RedisReply& reply) {
      if (reply.text != "hash" && reply.text != "string") return;
      const SharedName name = *parse_shared_name(names[i]);
      parts[std::string(name.name)][std::string(name.part)] = reply.text == "hash";
    });
  } catch (const RedisError&) {
    scan_.again();
    throw;
  }
  infer(parts);
}

void SharedReader::infer(const std::map<std::string, Parts>& parts) {
  std::map<std::string, std::unique_ptr<SharedFamily>> before = std::exchange(undescribed_, {});
  for (const auto& [name, of_name] : parts) {
    const SharedMetadata metadata = metadata_by_keys(name, of_name);
    const bool is_parted = metadata.type != MetricType::unknown;
    if (!is_parted && !of_name.contains("")) continue;
    const bool is_hash = is_parted ? of_name.rbegin()->second : of_name.at("");
    const auto known = before.find(name);
    if (known != before.end() && known->second->metadata() == metadata && known->second->is_hash() == is_hash) {
      undescribed_.insert(before.extract(known));
    } else {
      undescribed_.emplace(name, std::make_unique<SharedFamily>(name, metadata, keys_, is_hash));
    }
  }
  for (auto& [name, family] : before) gone_.push_back(std::move(family));
}

std::vector<SharedFamily*> SharedReader::families() const {
  std::vector<SharedFamily*> all;
  for (const auto& [name, described] : described_) {
    if (described.family) all.push_back(described.family.get());
  }
  for (const auto& [name, family] : undescribed_) all.push_back(family.get());
  return all;
}

void SharedReader::refer(SeriesSet& set, std::vector<Problem>& problems) {
  lost_series_ = !gone_.empty();
  for (const auto& family : gone_) family->forget(set);
  gone_.clear();
  for (SharedFamily* family : families()) lost_series_ |= family->refer(set, problems);
}

void SharedReader::renumber(const std::vector<std::uint32_t>& renumbered) {
  for (SharedFamily* family : families()) family->renumber(renumbered);
}

void SharedReader::give(ReadValues& values) const {
  for (const SharedFamily* family : families()) family->give(values);
}

void SharedReader::forget_series() noexcept {
  for (SharedFamily* family : families()) family->forget_series();
}

std::string SharedReader::key_of(const SeriesSet& set, std::uint32_t family) const {
  for (const SharedFamily* candidate : families()) {
    if (candidate->shows(set, family)) return candidate->columns()[0].key;
  }
  return {};
}

}  // namespace weir
