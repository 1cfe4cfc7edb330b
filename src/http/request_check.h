// What a request must hold to before anything is decided about it, where libmicrohttpd asks less.
//
// It takes "Content-Length : 5" for a header of another name, and several Hosts for one: what a proxy in front and this
// server read differently lets a client slip a request past the proxy (RFC 9112, sections 3.2, 5.1 and 11.2).
//
// Thread safety: pure but for the connection given, which is the caller's.
#pragma once

#include <microhttpd.h>

#include <cstddef>
#include <string_view>

namespace weir {

/// Why the headers are refused, a sentence for the body of a 400; null: they are fine.
const char* header_fault(MHD_Connection* connection);

/// Whether the request line holds a NUL, at which the library ends the path without a word ("/metrics\0x" is /metrics
/// to it). `uri_end` is where the text ends that MHD_OPTION_URI_LOG_CALLBACK got, `version` what the handler is given:
/// they stand in one buffer, a byte apart.
bool holds_nul(const char* uri_end, const char* version) noexcept;

/// Whether the library has memory for the arguments of `uri`, an argument counted as 64 bytes beside its text. Where it
/// has not, it answers nothing, keeps the connection until its deadline, and may crash when it is stopped before that
/// (0.9.75).
bool has_room_for_arguments(std::string_view uri, std::size_t max_request_bytes);

/// MHD_OPTION_URI_LOG_CALLBACK comes before arguments are taken apart: `uri`, as given to it, has none from here on.
void leave_out_arguments(const char* uri);

/// MHD_OPTION_UNESCAPE_CALLBACK: in place, the new length. A text with %00 stays as it is: nothing here has a NUL in
/// its name, and "/metrics%00x" is not /metrics.
std::size_t unescape(void*, MHD_Connection*, char* text);

}  // namespace weir
