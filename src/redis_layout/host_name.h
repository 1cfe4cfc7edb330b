// This host's name, as claims have it.
//
// Thread safety: any thread.
#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace weir {

/// `?` where the system does not say.
inline std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

}  // namespace weir
