// Anonymous pages that a forked child finds full of zeros (MADV_WIPEONFORK), however it was forked: fork, _Fork or raw
// clone.
//
// Thread safety: the functions may be called from any thread. Process safety: the point of them (protocol P2).
#pragma once

#include <cstddef>

namespace weir {

/// Zeroed, page-aligned memory of at least `bytes`, wiped in children. Throws std::bad_alloc.
void* map_wiped_pages(std::size_t bytes);
void unmap_wiped_pages(void* pages, std::size_t bytes) noexcept;
/// `bytes` rounded up to whole pages.
std::size_t whole_pages(std::size_t bytes) noexcept;

}  // namespace weir
