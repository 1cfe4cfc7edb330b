// weir._weir.RedisStorageManager: weir/redis_storage_manager.h for Python, and what shipping says of itself.
#include "weir/redis_storage_manager.h"

#include <memory>
#include <optional>
#include <utility>

#include "native/binding.h"
#include "native/gil.h"
#include "native/redis_client.h"
#include "weir/redis_storage.h"

namespace weir::python {
namespace {

namespace py = pybind11;

/// The environment's settings, or those with the server of a client that was given.
struct Manager {
  RedisSettings settings;
  RedisStorageManager manager;
};

std::unique_ptr<Manager> make_manager(const std::shared_ptr<RedisConnection>& client) {
  RedisSettings settings = redis_settings_from_environment();
  if (client == nullptr) return std::unique_ptr<Manager>(new Manager{std::move(settings), RedisStorageManager{}});
  settings.client = client->options;
  return std::unique_ptr<Manager>(
      new Manager{settings, RedisStorageManager{[made = client->client] { return made; }, {}, settings}});
}

py::dict shipping_statistics(Storage& storage) {
  auto* const redis = dynamic_cast<RedisStorageBase*>(&storage);
  if (redis == nullptr) throw py::type_error("shipping_statistics(): " + storage.describe() + " ships to no Redis");
  const RedisShippingStatistics now = without_gil([&] { return redis->statistics(); });
  py::dict out;
  out["connected"] = now.connected;
  out["writer"] = now.writer;
  out["flushes"] = now.flushes;
  out["failed_flushes"] = now.failed_flushes;
  out["shipped"] = now.shipped;
  out["refused"] = now.refused;
  out["lost_claims"] = now.lost_claims;
  out["lost_leases"] = now.lost_leases;
  out["fenced"] = now.fenced;
  out["series"] = now.series;
  out["dirty"] = now.dirty;
  out["lag"] = now.lag;
  out["last_error"] = now.last_error;
  return out;
}

}  // namespace

void add_redis_manager(py::module_& module) {
  py::class_<Manager>(module, "RedisStorageManager", "Redis metrics, set up and torn down.")
      .def(py::init(&make_manager), py::arg("redis_client") = py::none(),
           "Of the environment's settings; with a client, of its server.")
      .def("setup", [](Manager& self) { return without_gil([&] { return self.manager.setup(); }); })
      .def("teardown",
           [](Manager& self) {
             without_gil([&] {
               self.manager.teardown();
               return true;
             });
           })
      .def("is_enabled", [](const Manager& self) { return self.manager.is_enabled(); })
      .def("is_connected", [](const Manager& self) { return without_gil([&] { return self.manager.is_connected(); }); })
      .def("cleanup_keys", [](Manager& self) { return without_gil([&] { return self.manager.cleanup_keys(); }); })
      .def("get_client",
           [](const Manager& self) -> std::shared_ptr<RedisConnection> {
             auto client = self.manager.get_client();
             if (client == nullptr) return nullptr;
             return std::make_shared<RedisConnection>(RedisConnection{std::move(client), self.settings.client});
           })
      .def(
          "storage",
          [](const Manager& self) {
            return without_gil([&] { return static_cast<Storage*>(&redis_storage(self.settings)); });
          },
          py::return_value_policy::reference, "Where metrics live once setup() has chosen it.")
      .def_property_readonly("key_prefix", [](const Manager& self) { return self.settings.key_prefix; })
      .def_property_readonly("layout",
                             [](const Manager& self) { return std::string(to_string(self.settings.layout)); });
  module.def("shipping_statistics", &shipping_statistics, py::arg("storage"),
             "What became of this process's values on their way to Redis, as a dict.");
}

}  // namespace weir::python
