// User and password of an Authorization header (RFC 7617).
//
// Thread safety: pure function.
#pragma once

#include <optional>
#include <string_view>

#include "web_config/password_check.h"

namespace weir {

/// Of `Basic dXNlcjpwYXNzd29yZA==`, the scheme in any case; nothing for whatever else stands there.
std::optional<Credentials> basic_credentials(std::string_view header);

}  // namespace weir
