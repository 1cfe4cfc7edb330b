// What strangers may send to choose a format: Accept, Accept-Encoding and `name[]` values, one a line.
//
// Holds: nothing crashes, a negotiated format has a Content-Type, and a filter shows a part of the whole exposition.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/name_escaping.h"
#include "model/names.h"
#include "weir/exposition.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

const Collection& collection() {
  static const Collection instance{
      snapshot_of({{{"jobs", MetricType::counter, "h", ""}, {{"jobs_total", {{"a", "b"}}, 1, {}}}},
                   {{"wait.time", MetricType::histogram, "h", ""}, {{"wait.time_bucket", {{"le", "+Inf"}}, 1, {}}}}}),
      {}};
  return instance;
}

void check_escaping(std::string_view name) {
  for (const auto scheme : {NameEscaping::underscores, NameEscaping::dots, NameEscaping::values}) {
    if (name.empty()) continue;
    require(is_classic_metric_name(escape_metric_name(name, scheme)));
    require(is_classic_label_name(escape_label_name(name, scheme)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const Format format = negotiate(next_line(rest));
  require(content_type(format).find("version=") != std::string::npos);
  (void)accepts_gzip(next_line(rest));
  std::vector<std::string> names;
  while (!rest.empty()) names.emplace_back(next_line(rest));
  for (const std::string& name : names) check_escaping(name);
  require(expose(collection(), format, names).size() <= expose(collection(), format).size());
  return 0;
}
