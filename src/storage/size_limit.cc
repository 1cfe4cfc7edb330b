#include "storage/size_limit.h"

#include <sys/resource.h>

#include <cerrno>

namespace weir {

int check_size_limit(std::size_t size) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return size > limit.rlim_cur ? EFBIG : 0;
}

}  // namespace weir
