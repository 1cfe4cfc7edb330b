#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collect/file_merge.h"
#include "weir/multiprocess.h"

namespace weir {

std::vector<MetricFamily> merge(std::span<const std::filesystem::path> files, bool accumulate,
                                std::vector<Problem>* problems) {
  std::vector<MergeFile> named;
  std::vector<Problem> met;
  for (const std::filesystem::path& path : files) {
    if (std::optional<FileName> name = parse_file_name(path.filename().string())) {
      named.push_back({.path = path.string(), .name = std::move(*name)});
      continue;
    }
    met.push_back(
        {.reason = "bad_name",
         .subject = path.string(),
         .message = fmt::format("{} is not named like a multiprocess file, which tells type and mode; names are "
                                "<type>_<pid>.db and gauge_<mode>_<pid>.db",
                                path.string())});
  }
  std::sort(named.begin(), named.end(), [](const MergeFile& a, const MergeFile& b) { return a.path < b.path; });
  FileMerge merge{{.accumulate = accumulate, .leave_out_dead = false, .keep_open = false}};
  const std::shared_ptr<const Collection> collection = merge.collect(named, met);
  if (problems != nullptr) {
    problems->insert(problems->end(), collection->problems.begin(), collection->problems.end());
  }
  return families(collection->snapshot);
}

}  // namespace weir
