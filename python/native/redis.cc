// Everything of Redis in the native module; nothing of it in a build without Redis.
#include "native/binding.h"

namespace weir::python {

#if WEIR_WITH_REDIS
void add_redis_client(pybind11::module_& module);
void add_redis_dict(pybind11::module_& module);
void add_redis_value(pybind11::module_& module);
void add_redis_source(pybind11::module_& module);
void add_redis_manager(pybind11::module_& module);

void add_redis(pybind11::module_& module) {
  add_redis_client(module);
  add_redis_dict(module);
  add_redis_value(module);
  add_redis_source(module);
  add_redis_manager(module);
}
#else
void add_redis(pybind11::module_& /*module*/) {}
#endif

}  // namespace weir::python
