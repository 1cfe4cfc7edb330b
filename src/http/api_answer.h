// A document of the JSON API as an answer: with its time, its ETag, packed where that is asked.
//
// Thread safety: pure function but for `bodies`, which any thread may use.
#pragma once

#include <string>

#include "http/ask.h"
#include "http/body_store.h"

namespace weir {

/// `body` begins with `{` and does not tell the time: the ETag is of what else it says, so that the time is no reason
/// to send the rest again. `time`: Unix seconds.
Answer api_answer(std::string body, double time, bool gzip, BodyStore& bodies);

}  // namespace weir
