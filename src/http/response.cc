#include "http/response.h"

#include <memory>
#include <string>

namespace weir {
namespace {

/// A response that shares the body; libmicrohttpd lets go of it after the last byte.
MHD_Response* response_of(const std::shared_ptr<const std::string>& body) {
  using Holder = std::shared_ptr<const std::string>;
  auto holder = std::make_unique<Holder>(body);
  const auto let_go = [](void* held) { delete static_cast<Holder*>(held); };
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), const_cast<char*>(body->data()), let_go, holder.get());
  if (response != nullptr) static_cast<void>(holder.release());
  return response;
}

}  // namespace

Response::Response(const Answer& answer, bool is_known, Route route)
    : status_(is_known ? 304 : answer.status),
      response_(response_of(is_known ? std::make_shared<const std::string>() : answer.body)) {
  if (response_ == nullptr) return;
  add(MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  add("X-Content-Type-Options", "nosniff");
  add(MHD_HTTP_HEADER_CACHE_CONTROL, answer.cache_control);
  if (!answer.etag.empty()) add(MHD_HTTP_HEADER_ETAG, answer.etag.c_str());
  if (answer.gzipped && !is_known) add(MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
  if (route == Route::metrics || route == Route::backend) add(MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
  if (route == Route::page || route == Route::api) add(MHD_HTTP_HEADER_VARY, "Accept-Encoding");
  if (answer.policy != nullptr) {
    add("Content-Security-Policy", answer.policy);
    add("Referrer-Policy", "no-referrer");
  }
  if (answer.status == 401) add(MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"weir\", charset=\"UTF-8\"");
  if (answer.status == 503) add(MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

Response::~Response() {
  if (response_ != nullptr) MHD_destroy_response(response_);
}

void Response::add(const char* name, const char* value) const { MHD_add_response_header(response_, name, value); }

void Response::add_own(const std::vector<std::pair<std::string, std::string>>& headers, bool has_policy) const {
  for (const auto& [name, value] : headers) {
    // The page's own policy is the strictest it works with, and sniffing is always off.
    const bool is_set = name == "X-Content-Type-Options" || (has_policy && name == "Content-Security-Policy");
    if (!is_set) add(name.c_str(), value.c_str());
  }
}

MHD_Result Response::queue(MHD_Connection* connection) const {
  return MHD_queue_response(connection, status_, response_);
}

}  // namespace weir
