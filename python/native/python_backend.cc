// weir._weir.register_backend: values kept by a Python class.
//
// The class follows the Backend protocol: it is called with (config, metric, histogram_bucket) and has inc, dec, set
// and get; a classmethod `_initialize(config)`, if there is one, is called once before its first object is made.
//
// Thread safety: every call takes the GIL, from any thread; Weir holds no lock meanwhile. Process safety: what the
// class does across fork is its own affair.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "native/backend_calls.h"
#include "native/binding.h"
#include "native/gil.h"
#include "weir/backend.h"

namespace weir::python {
namespace {

namespace py = pybind11;

/// Calls `function` with the GIL; a Python error leaves as a C++ one that needs no GIL to be read.
template <typename Function>
auto with_gil(Function&& function) {
  const GilHold gil;
  std::string raised;
  try {
    return function();
  } catch (py::error_already_set& error) {
    raised = error.what();
  }
  throw std::runtime_error(raised);
}

class PythonBackend final : public Backend {
 public:
  PythonBackend(py::object made, const BackendMetric& metric)
      : family_(metric.name), labels_(metric.labels), object_(made.release().ptr()) {}
  // After the interpreter's end there is nothing to give back.
  ~PythonBackend() override {
    if (Py_IsInitialized() == 0) return;
    const GilHold gil;
    Py_DECREF(object_);
  }
  PythonBackend(const PythonBackend&) = delete;
  PythonBackend& operator=(const PythonBackend&) = delete;

  void inc(double amount) override { call("inc", amount); }
  void dec(double amount) override { call("dec", amount); }
  void set(double value) override { call("set", value); }
  double get() const override {
    return with_gil([&] {
      const BackendCall call(family_, labels_);
      return py::handle(object_).attr("get")().cast<double>();
    });
  }

 private:
  void call(const char* verb, double argument) {
    with_gil([&] {
      const BackendCall call(family_, labels_);
      py::handle(object_).attr(verb)(argument);
    });
  }

  const std::string family_;
  const Labels labels_;
  PyObject* const object_;
};

/// A class that was registered; lives as long as the process, as registrations do.
struct PythonClass {
  py::object type;
  py::object lock;  // Python's: waiting for it lets go of the GIL
  bool is_initialized = false;

  void initialize(const py::dict& config) {
    lock.attr("acquire")();
    try {
      if (!is_initialized && py::hasattr(type, "_initialize")) type.attr("_initialize")(config);
      is_initialized = true;
    } catch (...) {
      lock.attr("release")();
      throw;
    }
    lock.attr("release")();
  }
};

void register_class(const std::string& name, const py::object& type) {
  for (const char* const verb : {"inc", "dec", "set", "get"}) {
    if (py::hasattr(type, verb)) continue;
    throw py::type_error("register_backend('" + name + "'): " + std::string(py::repr(type)) + " has no " + verb +
                         "(); a backend has inc, dec, set and get");
  }
  auto* const made = new PythonClass{type, py::module_::import("threading").attr("RLock")()};
  register_backend(name,
                   [made](const BackendConfig& config, const BackendMetric& metric,
                          std::optional<std::string> histogram_bucket) -> std::unique_ptr<Backend> {
                     const GilHold gil;  // children are made without it
                     const py::dict settings = py::cast(config);
                     made->initialize(settings);
                     return std::make_unique<PythonBackend>(made->type(settings, metric, std::move(histogram_bucket)),
                                                            metric);
                   });
}

}  // namespace

void add_python_backend(py::module_& module) {
  py::class_<BackendMetric>(module, "BackendMetric", "What a value of a backend belongs to.")
      .def_readonly("name", &BackendMetric::name, "The family: requests.")
      .def_readonly("sample_name", &BackendMetric::sample_name, "The sample: requests_total, latency_sum.")
      .def_property_readonly("type", [](const BackendMetric& self) { return std::string(to_string(self.type)); })
      .def_property_readonly("mode", [](const BackendMetric& self) { return std::string(to_string(self.mode)); })
      .def_property_readonly("labels",
                             [](const BackendMetric& self) {
                               py::dict labels;
                               for (const auto& [name, value] : self.labels) labels[py::str(name)] = py::str(value);
                               return labels;
                             })
      .def_readonly("help", &BackendMetric::help);
  module.def("register_backend", &register_class, py::arg("name"), py::arg("backend_class"),
             "Makes a Python class known to load_backend() and WEIR_BACKEND_CLASS under `name`.");
}

}  // namespace weir::python
