// Rows of text as columns, for people.
//
//   write_out(text_table({{"WRITER", "KEYS"}, {"4242", "17"}}, {1}));      // column 1 to the right
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace weir::cli {

/// Two spaces between columns, none at a line's end. Every row has as many cells as the first.
std::string text_table(const std::vector<std::vector<std::string>>& rows, const std::set<std::size_t>& to_the_right);

/// `640 B`, `12 KiB`, `1.5 MiB`
std::string size_text(std::uintmax_t bytes);

}  // namespace weir::cli
