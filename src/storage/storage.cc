#include "weir/storage.h"

#include <algorithm>
#include <exception>

#include "storage/cell_space.h"

namespace weir {

bool flush(std::chrono::milliseconds timeout) noexcept {
  try {
    const auto end = std::chrono::steady_clock::now() + timeout;
    bool all = true;
    for (Storage* const storage : cell_space().storages()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      all = storage->flush(std::max(left, std::chrono::milliseconds(0))) && all;
    }
    return all;
  } catch (const std::exception&) {
    return false;  // no memory for a list of two pointers: nothing was flushed
  }
}

}  // namespace weir
