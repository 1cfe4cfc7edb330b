// What a request says, as libmicrohttpd has read it.
//
// Thread safety: the thread that has the request. Process safety: none of its own.
#pragma once

#include <microhttpd.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/api_query.h"
#include "http/statistics.h"

namespace weir {

/// The path of a request's target: of `http://HOST/metrics`, which every server must take (RFC 9112, section 3.2.2),
/// too.
std::string_view path_of(std::string_view target);

/// By the path alone.
Route route_of(std::string_view url);

/// All values of a header in one, as HTTP lets a list be split over several lines.
std::string header_of(MHD_Connection* connection, const char* name);

/// The arguments of the query.
std::vector<QueryArgument> arguments_of(MHD_Connection* connection);

/// The families that /metrics is asked for.
std::vector<std::string> names_of(MHD_Connection* connection);

/// One is announced, of any length but 0.
bool has_body(MHD_Connection* connection);

}  // namespace weir
