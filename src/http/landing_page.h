// The page at `/`: what this exporter reads, how that went, and where to go. One HTML document, no scripts, nothing
// loaded from elsewhere; light and dark as the browser asks.
//
// Thread safety: pure functions.
// Invariants: I4 (paths and messages are escaped: a hostile file name stays text).
#pragma once

#include <string>
#include <string_view>

#include "weir/snapshot.h"

namespace weir {

/// `&`, `<`, `>`, `"` and `'` as entities.
std::string html_escaped(std::string_view text);

std::string landing_page(std::string_view described, const Collection& collection);

/// The page's Content-Security-Policy: nothing but its own style sheet, by hash.
extern const char* const kLandingPagePolicy;

}  // namespace weir
