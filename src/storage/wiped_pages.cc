#include "storage/wiped_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace weir {

std::size_t whole_pages(std::size_t bytes) noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

void* map_wiped_pages(std::size_t bytes) {
  const std::size_t size = whole_pages(bytes);
  void* const pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  if (::madvise(pages, size, MADV_WIPEONFORK) != 0) {
    // Without it a child would write into its parent's cells. Every supported kernel (4.14 and later) has it.
    ::munmap(pages, size);
    throw std::bad_alloc();
  }
  return pages;
}

void unmap_wiped_pages(void* pages, std::size_t bytes) noexcept { ::munmap(pages, whole_pages(bytes)); }

}  // namespace weir
