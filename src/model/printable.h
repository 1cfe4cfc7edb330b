// How foreign text stands in messages: quoted, cut at 120 bytes, control characters and broken UTF-8 as `\xNN`.
//
//   throw ValueError(fmt::format("metric name {} is empty", printable(name)));
//
// So a hostile name or key can neither flood a log line nor break it in two (I4).
// Thread safety: pure function.
#pragma once

#include <string>
#include <string_view>

namespace weir {

std::string printable(std::string_view text);

}  // namespace weir
