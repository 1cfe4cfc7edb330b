#include "http/page_bundle.h"

namespace weir {

Answer page_answer(bool gzip) {
  Answer answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.cache_control = "no-cache";
  answer.etag = kPageBundle.etag;
  answer.policy = kPageBundle.policy;
  answer.gzipped = gzip;
  answer.body = std::make_shared<const std::string>(gzip ? kPageBundle.gzipped : kPageBundle.html);
  return answer;
}

}  // namespace weir
