#include "weir/summary.h"

namespace weir {

CellGroup::SampleName Summary::sample_name(std::uint32_t i) const {
  return {info().sample_name + (i == 0 ? "_count" : "_sum"), labels(), {}};
}
std::uint32_t Summary::sample_count() const noexcept { return 2; }
void Summary::describe(SeriesTableBuilder& table) const {
  table.series(info().sample_name + "_count", labels());
  table.series(info().sample_name + "_sum", labels());
}
void Summary::append_values(std::vector<double>& values) const {
  values.push_back(read_locked(0));
  values.push_back(read_locked(1));
}

}  // namespace weir
