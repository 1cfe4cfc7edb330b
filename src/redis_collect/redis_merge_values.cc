#include "redis_collect/redis_merge_values.h"

namespace weir {

void ReadValues::clear() {
  for (Batch& batch : batches_) {
    batch.cells.clear();
    batch.pairs.clear();
  }
  exemplars_.clear();
}

void ReadValues::put(std::uint32_t series, const Exemplar& exemplar) {
  const auto [at, is_new] = exemplars_.try_emplace(series, exemplar);
  if (!is_new && exemplar.timestamp >= at->second.timestamp) at->second = exemplar;
}

std::size_t ReadValues::size() const noexcept {
  std::size_t cells = 0;
  for (const Batch& batch : batches_) cells += batch.cells.size();
  return cells;
}

void ReadValues::give(ValueSums& sums, std::vector<CellPlace>& refused) const {
  for (const Batch& batch : batches_) {
    if (batch.cells.empty()) continue;
    const CellWindow window{.begin = batch.cells.data(),
                            .end = batch.cells.data() + batch.cells.size(),
                            .bytes = reinterpret_cast<const char*>(batch.pairs.data())};
    sums.add(batch.kind, window, refused);
  }
}

std::vector<Snapshot::ExemplarAt> ReadValues::exemplars(std::size_t size) const {
  std::vector<Snapshot::ExemplarAt> shown;
  for (const auto& [series, exemplar] : exemplars_) {
    if (series < size) shown.push_back({series, exemplar});
  }
  return shown;
}

}  // namespace weir
