#include "http/api_answer.h"

#include <fmt/format.h>

#include <utility>

#include "http/api_shape.h"
#include "weir/exposition.h"

namespace weir {

Answer api_answer(std::string body, double time, bool gzip, BodyStore& bodies) {
  Answer answer;
  answer.content_type = "application/json";
  answer.cache_control = "no-cache";
  answer.gzipped = gzip;
  answer.etag = fmt::format("W/\"{:016x}\"", text_hash(body));
  body.insert(1, fmt::format("\"version\":1,\"time\":{:.3f},", time));
  answer.body = bodies.body(gzip ? weir::gzip(body) : std::move(body));
  return answer;
}

}  // namespace weir
