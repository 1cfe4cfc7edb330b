// One family writer by writer, as the JSON of /api/v1/split.
//
// Of a histogram a writer's buckets become one count a label set: who observed how much, not how it was spread.
//
// Thread safety: pure function.
#pragma once

#include <string>

#include "weir/writers.h"

namespace weir {

/// `split` null: the source does not say who wrote what.
std::string split_json(const FamilyHead& family, const FamilySplit* split);

}  // namespace weir
