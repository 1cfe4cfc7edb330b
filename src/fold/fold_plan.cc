#include "fold/fold_plan.h"

#include <algorithm>

#include "format/archive_file.h"

namespace weir {
namespace {

/// Clocks of processes that look at one directory, and time stamps of its file system, differ by less.
constexpr std::chrono::seconds kClockTolerance{10};

}  // namespace

std::string name_of(const MergeFile& file) { return file.path.substr(file.path.rfind('/') + 1); }

FoldPlan plan_fold(const FoundFiles& found, const FoldOptions& options) {
  FoldPlan plan;
  if (found.others > 0 && options.only_among_weir) {
    plan.left = found.dead.size();
    return plan;
  }
  for (const FileKind kind : kArchiveKinds) {
    KindFiles of_kind{kind, {}};
    std::ranges::copy_if(found.dead, std::back_inserter(of_kind.files),
                         [&](const DeadFile& file) { return file.file.name.kind == kind; });
    if (!of_kind.files.empty()) plan.kinds.push_back(std::move(of_kind));
  }
  for (const DeadFile& file : found.dead) {
    const FileKind kind = file.file.name.kind;
    if (kind.type != MetricType::gauge || file.written_by != WriterKind::weir) continue;
    if (is_live(kind.mode)) plan.ended_gauges.push_back(file.file);
    if (kind.mode == GaugeMode::all) plan.all_gauges.push_back(file.file);
  }
  return plan;
}

KindPlan plan_kind(const std::vector<DeadFile>& dead, std::span<const std::string> folded_before,
                   std::size_t least_sources) {
  KindPlan plan;
  for (const DeadFile& file : dead) {
    if (std::ranges::find(folded_before, name_of(file.file)) == folded_before.end()) {
      plan.sources.push_back(file);
    } else {
      plan.leftovers.push_back(file.file);
    }
  }
  if (plan.sources.size() < least_sources) {
    plan.left = plan.sources.size();
    plan.sources.clear();
  }
  return plan;
}

std::vector<std::string> names_of_archive(std::span<const std::string> folded_before,
                                          std::span<const MergeFile> folded_now,
                                          const std::function<bool(const std::string&)>& is_there) {
  std::vector<std::string> names;
  std::ranges::copy_if(folded_before, std::back_inserter(names), is_there);
  std::ranges::transform(folded_now, std::back_inserter(names), name_of);
  std::ranges::sort(names);
  return names;
}

AllGauge plan_all_gauge(std::optional<std::chrono::system_clock::time_point> since,
                        std::chrono::system_clock::time_point now, std::chrono::seconds keep) {
  if (!since || keep.count() == 0) return AllGauge::stays;
  if (*since > now + kClockTolerance) return AllGauge::waits_anew;
  return now - *since > keep ? AllGauge::goes : AllGauge::stays;
}

std::set<std::string> writers_gone(std::span<const MergeFile> listed,
                                   const std::function<bool(const std::string& path)>& is_there) {
  std::set<std::string> gone;
  std::set<std::string> here;
  for (const MergeFile& file : listed) (is_there(file.path) ? here : gone).insert(file.name.identity);
  std::erase_if(gone, [&](const std::string& writer) { return here.contains(writer); });
  return gone;
}

}  // namespace weir
