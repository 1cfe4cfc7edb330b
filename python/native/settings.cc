// What the environment says about Redis, read and checked as every program of Weir's does: as values, and as a source.
#include "native/binding.h"
#if WEIR_WITH_REDIS
#include "native/redis_source.h"
#include "weir/redis_client.h"
#include "weir/redis_settings.h"
#endif

namespace weir::python {

namespace py = pybind11;

#if WEIR_WITH_REDIS
namespace {

/// Settings as plain values. `host` is of the first address, or a Unix socket's path; `password` None where there is
/// none. Throws ConfigError naming the variable.
py::dict redis_settings() {
  const RedisSettings settings = redis_settings_from_environment();
  const RedisOptions& client = settings.client;
  const RedisAddress& address = client.addresses.front();
  py::dict found;
  found["enabled"] = settings.enabled;
  found["host"] = address.socket_path.empty() ? address.host : address.socket_path;
  found["port"] = address.port;
  found["db"] = client.db;
  found["username"] = client.username;
  found["password"] = client.password.empty() ? py::object(py::none()) : py::str(client.password.reveal());
  found["ssl"] = client.tls.enabled;
  found["key_prefix"] = settings.key_prefix;
  found["ttl_seconds"] = settings.ttl.count();
  found["layout"] = std::string(to_string(settings.layout));
  found["durability"] = std::string(to_string(settings.durability));
  found["flush_interval"] = static_cast<double>(settings.flush_interval.count()) / 1000;
  return found;
}

/// All processes' values in the Redis, under the prefix and in the layout that programs of this environment write.
std::shared_ptr<RedisSource> redis_source() {
  const RedisSettings settings = redis_settings_from_environment();
  const RedisReadLayout layout =
      settings.layout == RedisLayout::shared ? RedisReadLayout::shared : RedisReadLayout::per_process;
  return std::make_shared<RedisSource>(make_redis_client(settings.client),
                                       RedisCollectorOptions{.key_prefix = settings.key_prefix, .layout = layout});
}

}  // namespace
#endif

void add_settings(py::module_& module) {
#if WEIR_WITH_REDIS
  module.def("redis_settings", &redis_settings,
             "The environment's settings of Redis, checked, as a dict; password and all, so show it to nobody.");
  module.def("redis_source", &redis_source, "What all processes keep in the environment's Redis, as a Source.");
#else
  (void)module;
#endif
}

}  // namespace weir::python
