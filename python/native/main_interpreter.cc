// Weir belongs to one interpreter: its cells count under that one's GIL, and its types live once in the process.
#include "native/binding.h"

namespace weir::python {

bool in_main_interpreter() noexcept {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return true;
  PyErr_SetString(PyExc_ImportError,
                  "weir cannot be imported in a sub-interpreter: it counts under the GIL of the main one; import it "
                  "there (under mod_wsgi: WSGIApplicationGroup %{GLOBAL})");
  return false;
}

void add_main_interpreter(pybind11::module_& module) {
  // For the package's first line: Python may hand a sub-interpreter a copy of a module without running its code.
  // Written without pybind11, whose calls do not work there.
  static PyMethodDef method = {"require_main_interpreter",
                               [](PyObject*, PyObject*) -> PyObject* {
                                 if (!in_main_interpreter()) return nullptr;
                                 Py_RETURN_NONE;
                               },
                               METH_NOARGS, "ImportError in a sub-interpreter."};
  PyObject* const function = PyCFunction_New(&method, nullptr);
  if (function == nullptr) throw pybind11::error_already_set();
  module.add_object("require_main_interpreter", pybind11::reinterpret_steal<pybind11::object>(function));
}

}  // namespace weir::python
