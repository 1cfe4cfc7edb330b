// 16 hex digits nobody has used: the token of a writer, the name of an epoch.
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace weir {

std::string random_text();

}  // namespace weir
