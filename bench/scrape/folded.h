// What 2000 processes that have ended cost once they are folded: nothing, if a scrape takes as long as had they never
// lived.
//
// Thread safety: one thread.
#pragma once

#include <cstddef>
#include <filesystem>

namespace weir::bench {

/// Prints the rows. Makes directories beside `path` and removes them.
void bench_folded(const std::filesystem::path& path, std::size_t rounds);

}  // namespace weir::bench
