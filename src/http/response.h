// An answer as libmicrohttpd sends it: its body, shared and not copied, and the headers its kind has.
//
// Thread safety: one thread. Process safety: none of its own.
#pragma once

#include <microhttpd.h>

#include <string>
#include <utility>
#include <vector>

#include "http/ask.h"
#include "http/statistics.h"

namespace weir {

class Response {
 public:
  /// `is_known`: the client has this body already, and gets a 304 without one. False where memory is short.
  Response(const Answer& answer, bool is_known, Route route);
  ~Response();
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;

  explicit operator bool() const noexcept { return response_ != nullptr; }
  unsigned status() const noexcept { return status_; }
  void add(const char* name, const char* value) const;
  /// Those of the web configuration file, but for what Weir sets; `has_policy`: a Content-Security-Policy is set.
  void add_own(const std::vector<std::pair<std::string, std::string>>& headers, bool has_policy) const;
  /// Gives it to the connection, which sends it once and lets go of it after the last byte.
  MHD_Result queue(MHD_Connection* connection) const;

 private:
  const unsigned status_;
  MHD_Response* const response_;
};

}  // namespace weir
