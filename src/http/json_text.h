// Text and numbers as JSON, appended to a body that grows.
//
//   append_json_text(body, label_value);      // "…", always valid UTF-8, whatever a file name or key holds
//   append_json_number(body, 0.25);           // 0.25; what JSON has no number for: "NaN", "+Inf", "-Inf"
//
// Thread safety: pure functions. Invariants: I4.
#pragma once

#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

/// A byte that belongs to no character becomes U+FFFD.
void append_json_text(std::string& out, std::string_view text);
void append_json_number(std::string& out, double value);
/// `{"name":"value",…}`, in the order given.
void append_json_labels(std::string& out, const Labels& labels);

}  // namespace weir
