// One line of a text exposition, taken apart: a comment that declares, or a sample.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

struct ExpositionComment {
  enum class Kind { help, type, unit };
  Kind kind = Kind::help;
  std::string name;
  std::string text;
};
/// Nothing for any other comment. Throws FormatError for a declaration without a name.
std::optional<ExpositionComment> parse_exposition_comment(std::string_view line);

struct ExpositionSample {
  std::string name;
  Labels labels;  ///< as they stand
  double value = 0;
};
/// `name{a="b"} 1`, `{"quoted.name",a="b"} 1 1700000000 # {trace_id="x"} 0.5`: blanks wherever the formats allow them.
/// Throws FormatError saying what is wrong and where; also for a label that stands twice.
ExpositionSample parse_exposition_sample(std::string_view line);

}  // namespace weir
