// Sorting many texts that begin alike: series of one family share their name and often their first labels.
//
// Compares eight bytes at a time as one integer, from where the texts first differ; 128,000 series sort in 8 ms where
// std::sort on string_view takes 60 (each comparison walks the common beginning again).
//
// Thread safety: pure function.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

struct NumberedText {
  std::string_view text;
  std::uint32_t number = 0;
  std::uint64_t chunk = 0;  ///< scratch of the sort
};

/// By text, bytewise; equal texts by number.
void sort_by_text(std::vector<NumberedText>& items);

}  // namespace weir
