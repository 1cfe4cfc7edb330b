#include "weir/counter.h"

#include <fmt/format.h>

#include "weir/error.h"

namespace weir {

void Counter::inc(double amount, const Labels& exemplar) {
  inc(amount);
  put_exemplar(0, exemplar, amount);
}

void Counter::refuse(double amount) const {
  throw ValueError(
      fmt::format("counter {}: inc({}): a counter only goes up; the amount must be 0 or more", info().name, amount));
}

CellGroup::SampleName Counter::sample_name(std::uint32_t /*i*/) const { return {info().sample_name, labels(), {}}; }
std::uint32_t Counter::sample_count() const noexcept { return 1; }
void Counter::describe(SeriesTableBuilder& table) const { table.series(info().sample_name, labels()); }
void Counter::append_values(std::vector<double>& values) const { values.push_back(read_locked(0)); }

}  // namespace weir
