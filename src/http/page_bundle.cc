#include "http/page_bundle.h"

namespace weir {

Answer page_answer(bool gzip) {
  static const auto plain = std::make_shared<const std::string>(kPageBundle.html);
  static const auto packed = std::make_shared<const std::string>(kPageBundle.gzipped);
  Answer answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.cache_control = "no-cache";
  answer.etag = kPageBundle.etag;
  answer.policy = kPageBundle.policy;
  answer.gzipped = gzip;
  answer.body = gzip ? packed : plain;
  return answer;
}

}  // namespace weir
