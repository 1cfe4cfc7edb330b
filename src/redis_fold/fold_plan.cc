#include "redis_fold/fold_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {
namespace {

std::optional<FileKind> parsed_kind(std::string_view member) {
  return parse_file_kind(member.substr(0, member.rfind(':')));
}

}  // namespace

FileKind kind_of_member(std::string_view member) { return parsed_kind(member).value_or(FileKind{}); }

std::string retired_name(std::string_view bucket, std::size_t part) {
  return part == 0 ? fmt::format("{}{}", bucket, kRetiredWriter) : fmt::format("{}{}.{}", bucket, kRetiredWriter, part);
}

SortedMembers sort_members(std::span<const std::string> members) {
  SortedMembers sorted;
  for (const std::string& member : members) {
    const std::optional<FileKind> kind = parsed_kind(member);
    const bool is_gauge = kind && kind->type == MetricType::gauge;
    if (is_gauge && kind->mode == GaugeMode::all) {
      sorted.kept.push_back(member);
    } else if (!kind || (is_gauge && is_live(kind->mode))) {
      sorted.dropped.push_back(member);
    } else {
      sorted.folded.push_back(member);
    }
  }
  return sorted;
}

SamplePlan plan_sample(const SeenSample& seen, const DeadWriter& writer) {
  SamplePlan plan;
  if (!seen.own || seen.json.empty() || seen.owner != writer.owner) {
    plan.verdict = SamplePlan::Verdict::leave;
    return plan;
  }
  const FileKind kind = kind_of_member(seen.member);
  const MergeRule rule = merge_rule(kind.type, kind.mode);
  MergedEntry merged;
  std::size_t had = 0;
  for (std::size_t part = 0; part < seen.retired.size(); ++part) {
    if (!seen.retired[part].is_there) continue;
    if (!seen.retired[part].value) {
      plan.verdict = SamplePlan::Verdict::spoiled;
      plan.spoiled_part = part;
      return plan;
    }
    merged.take(rule, *seen.retired[part].value);
    had = part + 1;
  }
  merged.take(rule, *seen.own);
  FileEntry entry;
  merged.give(rule, kMostRetired - 1, entry);
  plan.parts.push_back(entry.value);
  plan.parts.insert(plan.parts.end(), entry.rest.begin(), entry.rest.end());
  plan.parts.resize(std::max(plan.parts.size(), had), 0);  // parts no longer needed
  plan.timestamp = entry.timestamp;
  if (!writer.said_goodbye && rule == MergeRule::sum) plan.tomb = seen.own->value;
  return plan;
}

}  // namespace weir
