// The `name[]` of a request: which families it selects.
//
// As prometheus_client's restricted registry finds collectors: by the family's name or by the name of one of its
// samples (`x`, `x_total`, `x_bucket`). The family is then shown whole.
// Thread safety: immutable after construction.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/exposition.h"

namespace weir {

class NameFilter {
 public:
  /// No names: everything is selected. Names may be given raw, or as the format's scheme shows them.
  NameFilter(std::span<const std::string> names, NameEscaping scheme);

  bool selects(const SeriesTable& table, const SeriesTable::Family& family) const;

 private:
  bool wants(std::string_view name) const;
  bool wants_series(std::string_view series, const FamilyHead& head) const;

  std::vector<std::string> names_;  ///< sorted; raw and as quoted names stand in series text
  NameEscaping scheme_;
};

}  // namespace weir
