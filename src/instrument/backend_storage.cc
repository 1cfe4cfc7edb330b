#include "instrument/backend_storage.h"

#include <optional>
#include <utility>

namespace weir {

std::unique_ptr<Backend> BackendStorage::make_backend(const CellGroup& group, std::uint32_t i) {
  CellGroup::SampleName name = group.sample_name(i);
  std::erase_if(name.labels, [&](const Label& label) { return !name.bucket.empty() && label.first == "le"; });
  const BackendMetric metric{std::string(group.family_name()), std::move(name.sample_name), group.type(), group.mode(),
                             std::move(name.labels),           std::string(group.help())};
  return make_(config_, metric, name.bucket.empty() ? std::nullopt : std::optional(name.bucket));
}

}  // namespace weir
