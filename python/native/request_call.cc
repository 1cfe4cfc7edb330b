// The type of request_call.h.
#include "native/request_call.h"

#include <pybind11/pybind11.h>
#include <structmember.h>

namespace weir::python {
namespace {

namespace py = pybind11;

int traverse_call(PyObject* self, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(as_call(self).function);
  for (PyObject* const part : as_call(self).parts) Py_VISIT(part);
  return 0;
}

int clear_call(PyObject* self) noexcept {
  Py_CLEAR(as_call(self).function);
  for (PyObject*& part : as_call(self).parts) Py_CLEAR(part);
  return 0;
}

void deallocate_call(PyObject* self) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear_call(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef call_members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(RequestCall, call), READONLY, nullptr},
                              {"__wrapped__", T_OBJECT, offsetof(RequestCall, function), READONLY, "What is called."},
                              {nullptr, 0, 0, 0, nullptr}};
PyType_Slot call_slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                            {Py_tp_dealloc, reinterpret_cast<void*>(deallocate_call)},
                            {Py_tp_traverse, reinterpret_cast<void*>(traverse_call)},
                            {Py_tp_clear, reinterpret_cast<void*>(clear_call)},
                            {Py_tp_members, call_members},
                            {Py_tp_doc, const_cast<char*>("A function of Gunicorn's, measured.")},
                            {0, nullptr}};
PyType_Spec call_spec = {"weir._weir.RequestCall", sizeof(RequestCall), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL, call_slots};

}  // namespace

PyTypeObject* request_call_type() {
  static PyObject* const type = PyType_FromSpec(&call_spec);
  if (type == nullptr) throw py::error_already_set();
  return reinterpret_cast<PyTypeObject*>(type);
}

PyObject* make_request_call(vectorcallfunc call, PyObject* function,
                            std::array<PyObject*, RequestCall::kMostParts> parts, double period_seconds) {
  auto made = py::reinterpret_steal<py::object>(PyType_GenericAlloc(request_call_type(), 0));
  if (!made) throw py::error_already_set();
  RequestCall& me = as_call(made.ptr());
  me.call = call;
  Py_INCREF(function);
  me.function = function;
  for (PyObject* const part : parts) Py_XINCREF(part);
  me.parts = parts;
  me.period = std::chrono::duration_cast<RequestCall::Clock::duration>(std::chrono::duration<double>(period_seconds));
  me.due = RequestCall::Clock::now() + me.period;
  return made.release().ptr();
}

}  // namespace weir::python
