#include "storage/cell_ids.h"

#include <fmt/format.h>

#include "storage/wiped_pages.h"
#include "weir/error.h"

namespace weir {

CellIds::Run CellIds::take(std::uint32_t count) {
  if (count == 0 || count > kMaxRun) {
    throw ValueError(
        fmt::format("metric child: {} samples asked for, 1 to {} are possible; use fewer buckets", count, kMaxRun));
  }
  if (auto it = free_.find(count); it != free_.end() && !it->second.empty()) {
    const Run run = it->second.back();
    it->second.pop_back();
    return run;
  }
  if (next_ % kMaxRun + count > kMaxRun) next_ = (next_ / kMaxRun + 1) * kMaxRun;  // the chunk's rest stays unused
  if (next_ / kMaxRun >= chunks_.size()) {
    chunks_.push_back(static_cast<Home*>(map_wiped_pages(kMaxRun * sizeof(Home))));
  }
  const Run run{next_, chunks_[next_ / kMaxRun] + next_ % kMaxRun};
  next_ += count;
  return run;
}

void CellIds::give_back(Run run, std::uint32_t count) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) {  // relaxed: the registration lock orders it
    run.home[i].cell.store(nullptr, std::memory_order_relaxed);
    run.home[i].pending.store(0, std::memory_order_relaxed);
  }
  try {
    free_[count].push_back(run);
  } catch (const std::bad_alloc&) {
    // The ids are lost until the process ends; nothing else is.
  }
}

}  // namespace weir
