// weir._weir.Storage: where values live; memory, a directory of files, or a Redis.
#include "weir/storage.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "instrument/backend_choice.h"
#include "native/binding.h"
#include "native/gil.h"
#include "weir/error.h"
#if WEIR_WITH_REDIS
#include "weir/redis_storage.h"
#endif

namespace weir::python {
namespace {

namespace py = pybind11;

/// Of a time-out; what is longer than ten years is ten years, which clocks can add. Needs no GIL.
std::chrono::milliseconds milliseconds(double seconds) {
  if (!(seconds >= 0)) {
    throw ValueError(fmt::format("flush(timeout={}): must be 0 or more seconds", seconds));
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, 3.2e8) * 1000));
}

FileLayout file_layout_from(const std::string& name) {
  if (name == "current") return FileLayout::current;
  if (name == "0.16") return FileLayout::v0_16;
  throw py::value_error("layout='" + name + "': must be 'current' or '0.16'");
}

}  // namespace

void add_storage(py::module_& module) {
  py::class_<Storage, std::unique_ptr<Storage, py::nodelete>>(module, "Storage",
                                                              "Where the values of a process's metrics live.")
      .def_property_readonly("backend_name", [](const Storage& self) { return std::string(self.backend_name()); })
      .def("describe", &Storage::describe, "What people are told: `directory /run/app/metrics`.")
      .def(
          "flush", [](Storage& self, double timeout) { return self.flush(milliseconds(timeout)); },
          py::arg("timeout") = 5.0, py::call_guard<py::gil_scoped_release>(),
          "Brings values to where they are durable or shared, waiting at most `timeout` seconds. False when some are "
          "left.");
  const auto reference = py::return_value_policy::reference;
  module.def("memory_storage", &memory_storage, reference, "This process's memory.");
  module.def(
      "file_storage",
      [](const std::string& directory, const std::string& layout) -> Storage& {
        return file_storage(directory, file_layout_from(layout));
      },
      py::arg("directory"), py::arg("layout") = "current", reference,
      "Standard multiprocess files in `directory`, made if it is missing.");
  module.def(
      "chosen_storage", [] { return without_gil([] { return &chosen_storage(); }); }, reference,
      "The storage load_backend chose, or the environment's now. From here on another choice is refused.");
  module.def("load_backend", py::overload_cast<>(&load_backend), py::call_guard<py::gil_scoped_release>(),
             "The storage the environment chooses, for metrics made from now on.");
  module.def(
      "load_backend",
      [](const std::string& backend_class, const BackendConfig& config) { load_backend(backend_class, config); },
      py::arg("backend_class"), py::arg("config") = BackendConfig{}, py::call_guard<py::gil_scoped_release>());
  module.def("backend_class", &backend_class, py::call_guard<py::gil_scoped_release>(),
             "The name of the backend that metrics made now would get.");
  module.def("redis_available", &redis_available, "True when this build has the Redis storage.");
  module.def(
      "flush", [](double timeout) { return flush(milliseconds(timeout)); }, py::arg("timeout") = 5.0,
      py::call_guard<py::gil_scoped_release>(),
      "Flushes every storage of the process, waiting at most `timeout` seconds each: before os._exit() or exec. "
      "False when one could not bring everything.");
#if WEIR_WITH_REDIS
  module.def(
      "redis_storage",
      [](const BackendConfig& config) -> Storage* {
        const RedisSettings settings = config.empty() ? redis_settings_from_environment() : redis_settings_from(config);
        return without_gil([&] { return static_cast<Storage*>(&redis_storage(settings)); });
      },
      py::arg("config") = BackendConfig{}, reference,
      "The Redis storage of these settings (text to text; empty: the environment's).");
#endif
}

}  // namespace weir::python
