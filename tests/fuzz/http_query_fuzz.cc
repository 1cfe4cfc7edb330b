// What the exporter parses by itself of what strangers send or users write: the scrape timeout header, the listen
// address, and the text that reaches the page. (Queries and headers are libmicrohttpd's to take apart.)
//
// Holds: nothing crashes; a timeout lies in its range and its answer comes before it; an accepted address reads back;
// the page holds no markup of the input's.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/ask.h"
#include "http/landing_page.h"
#include "http/listen_address.h"
#include "weir/error.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_timeout(std::string_view text) {
  const auto timeout = parse_scrape_timeout(text);
  if (!timeout) return;
  require(timeout->count() >= 1 && timeout->count() <= 3600 * 1000);
  require(time_to_answer(*timeout) <= *timeout && time_to_answer(*timeout).count() > 0);
}

void check_address(std::string_view text) {
  try {
    const ListenAddress at = parse_listen_address(text);
    const bool v6 = at.host.find(':') != std::string::npos;
    const std::string again = (v6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
    const ListenAddress read_back = parse_listen_address(again);
    require(read_back.host == at.host && read_back.port == at.port);
  } catch (const ConfigError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_timeout(text);
  check_address(text);
  require(html_escaped(text).find_first_of("<>\"'") == std::string::npos);
  return 0;
}
