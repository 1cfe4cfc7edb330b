#include "redis_storage/per_process_reader_foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "model/printable.h"

namespace weir {

ForeignKeys::ForeignKeys(const std::string& prefix) : prefix_(prefix), scan_(escape_pattern(prefix) + ":*:metric:*") {}

std::map<std::string, std::vector<std::string>> ForeignKeys::read(
    RedisReading& reading, const std::function<bool(const std::string&, const std::string&)>& is_indexed,
    std::vector<Problem>& problems) {
  scan_.refresh(reading, problems);
  std::map<std::string, std::vector<std::string>> found;
  for (const std::string& key : scan_.keys()) {
    const std::optional<RedisKeyParts> parts = parse_redis_key(prefix_, key);
    if (!parts || parts->is_meta) continue;
    if (!parts->kind && parts->kind_text != kArtefactKind) {
      problems.push_back(
          {.reason = "bad_key",
           .subject = printable(key),
           .message = fmt::format("key {}: {} is no kind of metric; kinds are counter, histogram, summary "
                                  "and gauge_<mode>",
                                  printable(key), printable(parts->kind_text))});
      continue;
    }
    const std::string writer(parts->writer);
    std::string member = fmt::format("{}:{}", parts->kind_text, parts->hash);
    if (!is_indexed(writer, member)) found[writer].push_back(std::move(member));
  }
  for (auto& [writer, members] : found) {
    drop_artefacts(members);
    std::sort(members.begin(), members.end());
  }
  return found;
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
