// Reading back what this process's own storage shares: what weir.prometheus scrapes.
#include <memory>
#include <optional>
#include <string>

#include "instrument/backend_choice.h"
#include "native/binding.h"
#include "weir/storage.h"
#if WEIR_WITH_REDIS
#include "native/redis_source.h"
#include "weir/redis_storage.h"
#endif

namespace weir::python {
namespace {

namespace py = pybind11;

#if WEIR_WITH_REDIS
std::shared_ptr<RedisSource> redis_source_of(Storage& storage) {
  const auto* const redis = dynamic_cast<const RedisStorageBase*>(&storage);
  if (redis == nullptr) throw py::type_error("redis_source_of(storage): " + storage.describe() + " is no Redis");
  const RedisSettings& settings = redis->settings();
  const bool is_shared = settings.layout == RedisLayout::shared;
  return std::make_shared<RedisSource>(
      redis->client(),
      RedisCollectorOptions{.key_prefix = settings.key_prefix,
                            .layout = is_shared ? RedisReadLayout::shared : RedisReadLayout::per_process});
}
#endif

}  // namespace

void add_storage_source(py::module_& module) {
  module.def(
      "chosen_backend",
      []() -> std::optional<std::string> {
        const auto choice = backend_choice();
        return choice ? std::optional(choice->name) : std::nullopt;
      },
      "The name of the backend that was chosen so far, or None; asking chooses nothing.");
#if WEIR_WITH_REDIS
  module.def("redis_source_of", &redis_source_of, py::arg("storage"),
             "What all processes keep where this Redis storage ships to, as a Source.");
#endif
}

}  // namespace weir::python
