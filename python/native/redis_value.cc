// weir._weir.RedisValue: weir/redis_value.h for Python.
#include "weir/redis_value.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/binding.h"
#include "native/gil.h"
#include "native/redis_client.h"

namespace weir::python {
namespace {

namespace py = pybind11;

using Texts = std::vector<std::string>;

std::unique_ptr<RedisValue> make_value(const std::string& typ, const std::string& metric_name, const std::string& name,
                                       const Texts& labelnames, const Texts& labelvalues, const std::string& help_text,
                                       const std::string& mode, const RedisConnection& client,
                                       const std::string& prefix) {
  return without_gil([&] {
    return std::make_unique<RedisValue>(typ, metric_name, name, labelnames, labelvalues, help_text, mode, client.client,
                                        prefix);
  });
}

/// (labels, value, timestamp or None), or None.
py::object newest_exemplar(const RedisValue& self) {
  const std::optional<Exemplar> exemplar = without_gil([&] { return self.get_exemplar(); });
  if (!exemplar) return py::none();
  py::dict labels;
  for (const auto& [name, value] : exemplar->labels) labels[py::str(name)] = py::str(value);
  return py::make_tuple(labels, exemplar->value,
                        exemplar->timestamp != 0 ? py::object(py::float_(exemplar->timestamp)) : py::none());
}

void set_exemplar(RedisValue& self, const py::dict& labels, double value, std::optional<double> timestamp) {
  Exemplar exemplar{.labels = {}, .value = value, .timestamp = timestamp.value_or(0)};
  for (const auto& [name, text] : labels) exemplar.labels.emplace_back(py::str(name), py::str(text));
  without_gil([&] {
    self.set_exemplar(exemplar);
    return true;
  });
}

}  // namespace

void add_redis_value(py::module_& module) {
  py::class_<RedisValue>(module, "RedisValue", py::dynamic_attr(),
                         "One value of a metric in Redis, written through at each change.")
      .def(py::init(&make_value), py::arg("typ"), py::arg("metric_name"), py::arg("name"), py::arg("labelnames"),
           py::arg("labelvalues"), py::arg("help_text"), py::arg("multiprocess_mode"), py::arg("redis_client"),
           py::arg("redis_key_prefix") = "")
      .def(
          "get", [](const RedisValue& self) { return without_gil([&] { return self.get(); }); },
          "What this process has counted or set.")
      .def(
          "set",
          [](RedisValue& self, double value, std::optional<double> timestamp) {
            without_gil([&] {
              self.set(value, timestamp);
              return true;
            });
          },
          py::arg("value"), py::arg("timestamp") = py::none())
      .def(
          "inc",
          [](RedisValue& self, double amount) {
            without_gil([&] {
              self.inc(amount);
              return true;
            });
          },
          py::arg("amount") = 1.0)
      .def(
          "get_timestamp", [](const RedisValue& self) { return without_gil([&] { return self.get_timestamp(); }); },
          "Unix seconds of the last set; 0 after an increment.")
      .def("_set_exemplar", &set_exemplar, py::arg("labels"), py::arg("value"), py::arg("timestamp"))
      .def("_get_exemplar", &newest_exemplar)
      .def_property_readonly(
          "key", [](const RedisValue& self) { return self.key(); }, "The JSON key (see redis_key).");
}

}  // namespace weir::python
