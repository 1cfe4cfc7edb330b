#include "weir/redis_key.h"

#include <algorithm>

#include <fmt/format.h>

#include "format/json_key.h"
#include "weir/error.h"

namespace weir {

std::string redis_key(std::string_view metric_name, std::string_view name, const std::vector<std::string>& labelnames,
                      const std::vector<std::string>& labelvalues, std::string_view help_text) {
  if (labelnames.size() != labelvalues.size()) {
    throw ValueError(fmt::format("redis_key of \"{}\": {} label names and {} label values; each name needs one value",
                                 name, labelnames.size(), labelvalues.size()));
  }
  Labels labels;
  labels.reserve(labelnames.size());
  for (std::size_t i = 0; i < labelnames.size(); ++i) {
    if (std::find(labelnames.begin(), labelnames.begin() + static_cast<std::ptrdiff_t>(i), labelnames[i]) !=
        labelnames.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw ValueError(fmt::format("redis_key of \"{}\": the label name \"{}\" stands twice", name, labelnames[i]));
    }
    labels.emplace_back(labelnames[i], labelvalues[i]);
  }
  return json_key(metric_name, name, labels, help_text);
}

}  // namespace weir
