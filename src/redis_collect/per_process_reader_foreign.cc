#include "redis_collect/per_process_reader_foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "model/printable.h"

namespace weir {

ForeignKeys::ForeignKeys(const std::string& prefix) : prefix_(prefix), scan_(escape_pattern(prefix) + ":*:metric:*") {}

std::map<std::string, std::vector<std::string>> ForeignKeys::read(
    RedisReading& reading, const std::function<bool(const std::string&, const std::string&)>& is_indexed,
    std::vector<Problem>& problems) {
  if (scan_.refresh(reading, problems)) take_keys();
  problems.insert(problems.end(), bad_keys_.begin(), bad_keys_.end());
  std::erase_if(found_, [&](const Found& key) { return is_indexed(key.writer, key.member); });
  std::map<std::string, std::vector<std::string>> by_writer;
  for (const Found& key : found_) by_writer[key.writer].push_back(key.member);
  for (auto& [writer, members] : by_writer) {
    drop_artefacts(members);
    std::sort(members.begin(), members.end());
  }
  return by_writer;
}

void ForeignKeys::take_keys() {
  found_.clear();
  bad_keys_.clear();
  for (const std::string& key : scan_.take_keys()) {
    const std::optional<RedisKeyParts> parts = parse_redis_key(prefix_, key);
    if (!parts || parts->is_meta) continue;
    if (parts->kind || parts->kind_text == kArtefactKind) {
      found_.push_back({std::string(parts->writer), fmt::format("{}:{}", parts->kind_text, parts->hash)});
      continue;
    }
    bad_keys_.push_back({.reason = "bad_key",
                         .subject = printable(key),
                         .message = fmt::format("key {}: {} is no kind of metric; kinds are counter, histogram, "
                                                "summary and gauge_<mode>",
                                                printable(key), printable(parts->kind_text))});
  }
}

void ForeignKeys::drop_artefacts(std::vector<std::string>& members) const {
  constexpr std::string_view kGauge = "gauge_";
  const auto hash_of_member = [](const std::string& member) { return member.substr(member.rfind(':') + 1); };
  std::unordered_set<std::string> real;
  for (const std::string& member : members) {
    if (member.starts_with(kGauge)) real.insert(hash_of_member(member));
  }
  std::erase_if(members, [&](const std::string& member) {
    return member.starts_with("gauge:") && real.contains(hash_of_member(member));
  });
}

}  // namespace weir
