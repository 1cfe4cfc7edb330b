// Weir belongs to one interpreter: its cells count under that one's GIL, and its types live once in the process.
#include "native/binding.h"

namespace weir::python {
namespace {

void require_main_interpreter() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return;
  throw pybind11::import_error(
      "weir cannot be imported in a sub-interpreter: it counts under the GIL of the main one; import it there (under "
      "mod_wsgi: WSGIApplicationGroup %{GLOBAL})");
}

}  // namespace

void add_main_interpreter(pybind11::module_& module) {
  require_main_interpreter();
  // For the package's first line: Python may hand a sub-interpreter a copy of a module without running its code.
  module.def("require_main_interpreter", &require_main_interpreter, "ImportError in a sub-interpreter.");
}

}  // namespace weir::python
