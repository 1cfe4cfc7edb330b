// weir._weir.RedisStorageDict and redis_key: weir/redis_storage_dict.h for Python.
#include "weir/redis_storage_dict.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/binding.h"
#include "native/gil.h"
#include "native/redis_client.h"
#include "weir/error.h"
#include "weir/redis_key.h"

namespace weir::python {
namespace {

namespace py = pybind11;
using Dict = RedisStorageDict;

double at(const Dict& self, const std::string& key) {
  const auto value = without_gil([&]() -> std::optional<double> {
    try {
      return self.at(key);
    } catch (const ValueError&) {
      return std::nullopt;
    }
  });
  if (!value) throw py::key_error(key);
  return *value;
}

/// For members without a result.
template <typename Function>
void call(Function&& function) {
  without_gil([&] {
    function();
    return true;
  });
}

/// The verbs of the documents' StorageDictProtocol.
void add_documented_verbs(py::class_<Dict>& dict) {
  dict.def(
          "read_value",
          [](Dict& self, const std::string& key, const std::string& type, const std::string& mode) {
            return without_gil([&] { return self.read_value(key, type, mode); });
          },
          py::arg("key"), py::arg("metric_type") = "counter", py::arg("multiprocess_mode") = "",
          "(value, timestamp). A key not met before reads (0, 0) and is made.")
      .def(
          "write_value",
          [](Dict& self, const std::string& key, double value, std::optional<double> timestamp, const std::string& type,
             const std::string& mode) { call([&] { self.write_value(key, value, timestamp, type, mode); }); },
          py::arg("key"), py::arg("value"), py::arg("timestamp") = py::none(), py::arg("metric_type") = "counter",
          py::arg("multiprocess_mode") = "", "Without a timestamp (Unix seconds) the value is stamped now.")
      .def(
          "read_all_values",
          [](const Dict& self) { return py::iter(py::cast(without_gil([&] { return self.read_all_values(); }))); },
          "Yields (key, value, timestamp) of everything this process holds.")
      .def(
          "ensure_metadata",
          [](Dict& self, const std::string& key, const std::string& typ, const std::string& mode) {
            call([&] { self.ensure_metadata(key, typ, mode); });
          },
          py::arg("key"), py::arg("typ") = "counter", py::arg("multiprocess_mode") = "all",
          "Makes the meta hash of a key, once.")
      .def(
          "cleanup_dead_worker",
          [](Dict& self, long pid) { return without_gil([&] { return self.cleanup_dead_worker(pid); }); },
          py::arg("pid"), "Removes the live* gauges of a process that has ended; gives their number.");
}

/// What makes it a dictionary to Python.
void add_dictionary_verbs(py::class_<Dict>& dict) {
  dict.def("__getitem__", &at, py::arg("key"))
      .def(
          "__setitem__", [](Dict& self, const std::string& key, double value) { call([&] { self.set(key, value); }); },
          py::arg("key"), py::arg("value"))
      .def(
          "__delitem__",
          [](Dict& self, const std::string& key) {
            if (!without_gil([&] { return self.erase(key); })) throw py::key_error(key);
          },
          py::arg("key"))
      .def(
          "__contains__",
          [](const Dict& self, const std::string& key) { return without_gil([&] { return self.contains(key); }); },
          py::arg("key"))
      .def("__contains__", [](const Dict&, const py::object&) { return false; })
      .def("__len__", [](const Dict& self) { return without_gil([&] { return self.size(); }); })
      .def("__iter__", [](const Dict& self) { return py::iter(py::cast(without_gil([&] { return self.keys(); }))); })
      .def(
          "keys", [](const Dict& self) { return without_gil([&] { return self.keys(); }); }, "Sorted, each once.")
      .def("values", [](const Dict& self) { return without_gil([&] { return self.values(); }); })
      .def("items", [](const Dict& self) { return without_gil([&] { return self.items(); }); })
      .def(
          "clear", [](Dict& self) { call([&] { self.clear(); }); },
          "Erases everything this process wrote here; values its Redis storage ships stay.")
      .def("_update", [](Dict& self, const Dict& other) { call([&] { self.update(other); }); })
      .def("_update", [](Dict& self, const std::vector<Dict::Item>& items) { call([&] { self.update(items); }); });
}

}  // namespace

void add_redis_dict(py::module_& module) {
  py::class_<Dict> dict(module, "RedisStorageDict", py::dynamic_attr(),
                        "This process's values in one Redis, from JSON key to value; every call asks the server.");
  dict.def(py::init([](const RedisConnection& client, const std::string& key_prefix) {
             return std::make_unique<Dict>(client.client, key_prefix);
           }),
           py::arg("redis_client"), py::arg("key_prefix") = "");
  add_documented_verbs(dict);
  add_dictionary_verbs(dict);
  module.def("redis_key", &redis_key, py::arg("metric_name"), py::arg("name"), py::arg("labelnames"),
             py::arg("labelvalues"), py::arg("help_text"),
             "The JSON key of a sample, byte for byte json.dumps([…], sort_keys=True).");
}

}  // namespace weir::python
