#include "redis_fold/fold_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {
namespace {

std::optional<FileKind> parsed_kind(std::string_view member) {
  return parse_file_kind(member.substr(0, member.rfind(':')));
}

FileKind kind_of_member(std::string_view member) { return parsed_kind(member).value_or(FileKind{}); }

/// What no script could be told before anything was read: whom it folds.
FoldCall call_for(const RedisKeys& keys, const DeadWriter& writer, const SortedMembers& sorted) {
  const std::string_view bucket = bucket_of(std::string_view(writer.name));
  FoldCall call;
  call.folds = keys.folds(bucket);
  call.claim = keys.claim(writer.name);
  call.lease = keys.lease(writer.name);
  call.index = keys.index(writer.name);
  call.tomb = keys.tomb(writer.name);
  call.writers = keys.writers(bucket);
  call.token = writer.token;
  call.sequence = writer.sequence;
  call.writer = writer.name;
  const auto add = [&](std::vector<std::string>& to, const std::string& member) {
    to.push_back(keys.metric_of_member(member, writer.name));
    to.push_back(keys.meta_of_member(member, writer.name));
  };
  for (const std::string& member : sorted.kept) add(call.keeps, member);
  for (const std::string& member : sorted.dropped) add(call.drops, member);
  return call;
}

/// The sample's new values in the retired writers, and the end of its keys.
void add_sample(FoldCall& call, const RedisKeys& keys, const DeadWriter& writer, const SeenSample& seen,
                const SamplePlan& plan) {
  const std::string_view bucket = bucket_of(std::string_view(writer.name));
  const FileKind kind = kind_of_member(seen.member);
  for (std::size_t part = 0; part < plan.parts.size(); ++part) {
    const std::string name = retired_name(bucket, part);
    call.puts.push_back({.metric = keys.metric_of_member(seen.member, name),
                         .meta = keys.meta_of_member(seen.member, name),
                         .value = number_for_redis(plan.parts[part]),
                         .timestamp = number_for_redis(plan.timestamp),
                         .original_key = seen.json,
                         .typ = std::string(to_string(kind.type)),
                         .mode = kind.type == MetricType::gauge ? std::string(to_string(kind.mode)) : "",
                         .retired = part,
                         .member = seen.member});
  }
  call.drops.push_back(keys.metric_of_member(seen.member, writer.name));
  call.drops.push_back(keys.meta_of_member(seen.member, writer.name));
  if (plan.tomb && !writer.is_sealed()) call.tombs.emplace_back(seen.member, number_for_redis(*plan.tomb));
}

}  // namespace

std::string number_for_redis(double value) { return fmt::format("{:.17g}", value); }

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
    const RetiredSample& retired = seen.retired[part];
    if (!retired.is_there) continue;
    if (!retired.value) {
      plan.verdict = SamplePlan::Verdict::spoiled;
      plan.spoiled_part = part;
      return plan;
    }
    merged.take(rule, *retired.value);
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

PartPlan plan_part(const RedisKeys& keys, const DeadWriter& writer, const SortedMembers& sorted,
                   const std::vector<SeenSample>& seen, std::size_t retired) {
  const std::string_view bucket = bucket_of(std::string_view(writer.name));
  PartPlan part{call_for(keys, writer, sorted), 0, false, {}};
  for (const SeenSample& sample : seen) {
    const SamplePlan plan = plan_sample(sample, writer);
    if (plan.verdict == SamplePlan::Verdict::spoiled) {
      const std::string key = keys.metric_of_member(sample.member, retired_name(bucket, plan.spoiled_part));
      part.is_refused = true;
      part.problems = {
          {"not_folded", key,
           fmt::format("{} holds no number; writer {} is not folded until it does, or is gone", key, writer.name)}};
      return part;
    }
    if (plan.verdict == SamplePlan::Verdict::leave) {
      const std::string key = keys.metric_of_member(sample.member, writer.name);
      part.problems.push_back(
          {"not_folded", key, fmt::format("{} has no value of its writer, or no metadata; it is not folded", key)});
      continue;
    }
    add_sample(part.call, keys, writer, sample, plan);
    retired = std::max(retired, plan.parts.size());
    ++part.folded;
  }
  for (std::size_t i = 0; i < retired; ++i) {
    const std::string name = retired_name(bucket, i);
    part.call.retired.push_back({name, keys.claim(name), keys.index(name)});
  }
  return part;
}

}  // namespace weir
