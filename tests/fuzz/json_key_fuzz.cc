// Keys as any file or Redis may hold them.
//
// Holds: nothing crashes; a refusal is a FormatError; what is accepted is written and read back as the same key; the
// way for escape-free keys and the general one agree.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "format/json_key.h"
#include "model/names.h"
#include "weir/error.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

bool same(const MetricKey& a, const MetricKey& b) {
  return a.metric_name == b.metric_name && a.sample_name == b.sample_name && a.labels == b.labels && a.help == b.help;
}

/// Reads with what an earlier key left in `key`, as collections do.
bool read(std::string_view json, MetricKey& key) {
  static KeyParser parser;
  try {
    parser.parse(json, key);
    return true;
  } catch (const FormatError&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MetricKey key;
  static MetricKey again;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (!read(json, key)) return 0;
  require(is_valid_utf8(key.metric_name) && is_valid_utf8(key.sample_name) && is_valid_utf8(key.help));
  for (const Label& label : key.labels) require(is_valid_utf8(label.first) && is_valid_utf8(label.second));

  const std::string written = json_key(key.metric_name, key.sample_name, key.labels, key.help);
  require(read(written, again) && same(key, again));
  // One space in front keeps the general parser in charge.
  require(read(' ' + written, again) && same(key, again));
  require(json_key(again.metric_name, again.sample_name, again.labels, again.help) == written);
  return 0;
}
