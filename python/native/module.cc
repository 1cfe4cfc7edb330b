// The native module weir._weir.
#include "native/binding.h"
#include "weir/version.h"

// pybind11's own start takes the GIL by ways that never end in a sub-interpreter: so the entry Python calls is ours,
// which refuses those first, and pybind11's gets another name.
#define PyInit__weir weir_init_by_pybind11
PYBIND11_MODULE(_weir, module) {
  module.doc() = "Weir's C++ core. Use it through the package weir.";
  module.attr("__version__") = weir::kVersion;
  weir::python::add_main_interpreter(module);
  weir::python::add_logging(module);
  weir::python::add_errors(module);
  weir::python::add_storage(module);
  weir::python::add_settings(module);
  weir::python::add_instruments(module);
  weir::python::add_request_calls(module);
  weir::python::add_collect(module);
  weir::python::add_folding(module);
  weir::python::add_exposer(module);
  weir::python::add_value(module);
  weir::python::add_python_backend(module);
  weir::python::add_number(module);
  weir::python::add_redis(module);
  weir::python::add_storage_source(module);
}
#undef PyInit__weir

extern "C" __attribute__((visibility("default"))) PyObject* PyInit__weir() {
  return weir::python::in_main_interpreter() ? weir_init_by_pybind11() : nullptr;
}
