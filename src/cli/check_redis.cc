// `weir check --redis`: the health of a Redis on one screen, and as an exit code.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/redis_choice.h"
#include "cli/redis_source.h"
#include "cli/text_table.h"
#include "model/printable.h"
#include "redis_collect/inspect_redis.h"

namespace weir::cli {
namespace {

constexpr std::size_t kWritersOnAScreen = 10;
constexpr std::size_t kFaultsOnAScreen = 20;

std::string line(const char* name, const std::string& what) { return fmt::format("{:<8}  {}\n", name, what); }

std::string duration_text(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

const char* topology_text(RedisTopology topology) {
  switch (topology) {
    case RedisTopology::sentinel:
      return "found by Sentinel";
    case RedisTopology::cluster:
      return "of a Cluster";
    case RedisTopology::single:
      break;
  }
  return "single";
}

std::string server_lines(const RedisInspection& found, RedisTopology topology) {
  std::string out;
  for (const InspectedRedisServer& server : found.servers) {
    const std::string role = server.role == "slave" ? "replica" : server.role;
    out += line("server", fmt::format("Redis {}, {} ({}), up {}", in_one_line(server.version), in_one_line(role),
                                      topology_text(topology), duration_text(server.uptime)));
    const std::string most =
        server.max_memory > 0 ? fmt::format("of {} at most", size_text(static_cast<std::uintmax_t>(server.max_memory)))
                              : "of any";
    out += line("memory",
                fmt::format("{} {}, maxmemory-policy {}, {} keys evicted",
                            size_text(static_cast<std::uintmax_t>(std::max<std::int64_t>(0, server.used_memory))), most,
                            in_one_line(server.policy), server.evicted));
  }
  out += line("ping", fmt::format("{:.2f} ms, {:.2f} ms at most; its clock is {:.1f} s {} ours",
                                  found.ping_median * 1000, found.ping_longest * 1000, std::abs(found.clock_ahead),
                                  found.clock_ahead < 0 ? "behind" : "ahead of"));
  return out;
}

std::string rights_text(const RedisInspection& found) {
  if (!found.knows_rights) {
    return fmt::format("{}; the server does not tell which commands may be run (ACL DRYRUN, Redis 7)",
                       found.user.empty() ? "unknown" : in_one_line(found.user));
  }
  std::vector<std::string> missing = found.rights_missing_for_reading;
  missing.insert(missing.end(), found.rights_missing_for_writing.begin(), found.rights_missing_for_writing.end());
  if (missing.empty() && !found.rights_missing_for_folding.empty()) {
    return fmt::format("{}, who may run every command needed but for folding", in_one_line(found.user));
  }
  if (missing.empty()) return fmt::format("{}, who may run every command needed", in_one_line(found.user));
  return fmt::format("{}, who may not run {}", in_one_line(found.user), fmt::join(missing, ", "));
}

std::string data_lines(const RedisInspection& found, const RedisMultiProcessCollector::Statistics& read,
                       const ChosenRedis& chosen) {
  std::size_t goodbyes = 0;
  for (const ClaimOnServer& claim : found.claims) goodbyes += !claim.is_live() && claim.said_goodbye ? 1 : 0;
  std::vector<std::string> kinds;
  kinds.reserve(found.keys_by_kind.size());
  for (const auto& [kind, count] : found.keys_by_kind) kinds.push_back(fmt::format("{} {}", kind, count));
  std::vector<std::string> layouts;
  if (!kinds.empty() || !found.claims.empty()) {
    layouts.push_back(fmt::format("per-process (prefix {})", in_one_line(chosen.key_prefix)));
  }
  if (found.shared_metrics > 0) layouts.push_back(fmt::format("shared ({} metrics)", found.shared_metrics));
  std::string out = line("user", rights_text(found));
  out +=
      line("layouts", layouts.empty() ? fmt::format("none: no metrics with the prefix {}; --key-prefix names another",
                                                    in_one_line(chosen.key_prefix))
                                      : fmt::format("{}", fmt::join(layouts, ", ")));
  if (!found.claims.empty() || read.writers_foreign > 0) {
    out += line("writers", fmt::format("{} live, {} dead ({} said goodbye), {} foreign (without a claim)", found.live,
                                       found.claims.size() - found.live, goodbyes, read.writers_foreign));
  }
  if (found.live > 0) {
    out += line("epoch", fmt::format("{} of {} live writers have shipped all their values in it", found.live_with_epoch,
                                     found.live));
  }
  out += line("keys", fmt::format("{}; {} in the database",
                                  kinds.empty() ? "no values" : fmt::format("{}", fmt::join(kinds, ", ")),
                                  found.database_keys));
  return out + line("series", fmt::format("{}, read in {:.1f} ms", read.series, read.seconds * 1000));
}

std::string writer_table(const RedisInspection& found, bool all) {
  if (found.claims.empty()) return "";
  std::vector<const ClaimOnServer*> claims;
  claims.reserve(found.claims.size());
  for (const ClaimOnServer& claim : found.claims) claims.push_back(&claim);
  std::ranges::stable_partition(claims, [](const ClaimOnServer* claim) { return claim->is_live(); });
  std::vector<std::vector<std::string>> rows{
      {"WRITER", "STATE", "HOST", "KEYS", "REFUSED", "LOST CLAIMS", "LOST LEASES"}};
  const std::size_t shown = all ? claims.size() : std::min(claims.size(), kWritersOnAScreen);
  for (std::size_t i = 0; i < shown; ++i) {
    const ClaimOnServer& claim = *claims[i];
    const char* state = claim.is_live()                ? "live"
                        : !claim.migrated_from.empty() ? "migrated"
                        : claim.said_goodbye           ? "ended"
                                                       : "dead";
    rows.push_back({in_one_line(claim.writer), state, in_one_line(claim.host), std::to_string(claim.indexed),
                    std::to_string(claim.refused), std::to_string(claim.lost_claims),
                    std::to_string(claim.lost_leases)});
  }
  std::string out = "\n" + text_table(rows, {3, 4, 5, 6});
  if (shown < claims.size()) out += fmt::format("and {} more writers; --all shows them\n", claims.size() - shown);
  return out;
}

std::string fault_lines(const std::vector<Problem>& faults, bool all) {
  if (faults.empty()) return "\nno faults\n";
  std::string out = fmt::format("\n{} faults:\n", faults.size());
  const std::size_t shown = all ? faults.size() : std::min(faults.size(), kFaultsOnAScreen);
  for (std::size_t i = 0; i < shown; ++i) {
    out += fmt::format("  {}: {}\n    {}\n", faults[i].reason, in_one_line(faults[i].subject),
                       in_one_line(faults[i].message));
  }
  if (shown < faults.size()) out += fmt::format("  and {} more; --all shows them\n", faults.size() - shown);
  return out;
}

std::string note_lines(const std::vector<std::string>& notes) {
  std::string out;
  for (const std::string& note : notes) out += fmt::format("  {}\n", in_one_line(note));
  return out.empty() ? out : "\nadvice:\n" + out;
}

}  // namespace

int check_redis(const SourceArguments& arguments, bool all) {
  const ChosenRedis chosen = chosen_redis(arguments);
  ProgressLine progress("looking at " + chosen.client->describe());
  RedisInspection found =
      inspect_redis(*chosen.client, {.key_prefix = chosen.key_prefix, .shared_prefixes = chosen.shared_prefixes});
  RedisMultiProcessCollector source(chosen.client, chosen.collector);
  const std::shared_ptr<const Collection> collection = source.collect();
  progress.end();
  found.faults.insert(found.faults.end(), collection->problems.begin(), collection->problems.end());

  std::string out = fmt::format("{}\n\n", in_one_line(source.describe()));
  out += server_lines(found, chosen.options.topology);
  out += data_lines(found, source.statistics(), chosen);
  out += writer_table(found, all);
  out += fault_lines(found.faults, all);
  out += note_lines(found.notes);
  write_out(out);
  return found.faults.empty() ? kGood : kFaults;
}

}  // namespace weir::cli
