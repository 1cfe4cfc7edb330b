// A keep-alive HTTP client that reads whole responses as fast as it can.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

/// A connection to 127.0.0.1. Throws when there is none to be had.
int connect_to(std::uint16_t port);

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : socket_(connect_to(port)) {}
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The body of /metrics, valid until the next call. Throws on anything but a 200 with a Content-Length.
  std::string_view scrape();

 private:
  int socket_;
  std::string bytes_;
};

}  // namespace weir::bench
