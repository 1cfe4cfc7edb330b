// The live page at `/`: one HTML document with its style sheet and scripts inside, put together at build time.
//
// src/http/page/ holds its sources; bundle.py there makes of them the bytes this file declares, the same bytes every
// time. The document is the same for every exporter; what it shows it asks of /api/v1.
//
// Thread safety: constants.
#pragma once

#include <string_view>

#include "http/ask.h"

namespace weir {

struct PageBundle {
  std::string_view html;
  std::string_view gzipped;
  const char* etag;
  const char* policy;  ///< Content-Security-Policy: its own style and script, by hash, and requests to this exporter
};
extern const PageBundle kPageBundle;

Answer page_answer(bool gzip);

}  // namespace weir
