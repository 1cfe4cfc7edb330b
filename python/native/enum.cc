// weir._weir.Enum.
#include "weir/enum.h"

#include "native/binding.h"
#include "native/errors.h"
#include "native/instrument.h"

namespace weir::python {
namespace {

PyObject* open(PyObject* self, PyObject* args) noexcept {
  return guarded([&]() -> PyObject* {
    const Declaration declared(args);
    auto options = declared.options<EnumOptions>();
    options.states = pybind11::handle(declared.extra).cast<std::vector<std::string>>();
    open_as<Enum>(self, &Registry::enumeration, options, declared);
    Py_RETURN_NONE;
  });
}

PyObject* state(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  PyObject* const name = only_argument("state", "state", args, count, keywords);
  if (name == nullptr) return nullptr;
  Child* const child = as_instrument(self).child;
  if (child == nullptr) return without_child(self, "state");
  Py_ssize_t size = 0;
  const char* const text = PyUnicode_AsUTF8AndSize(name, &size);
  if (text == nullptr) return nullptr;
  return guarded([&]() -> PyObject* {
    static_cast<Enum*>(child)->state(std::string_view(text, static_cast<std::size_t>(size)));
    Py_RETURN_NONE;
  });
}

PyObject* get(PyObject* self, PyObject* /*none*/) noexcept {
  const Child* const child = as_instrument(self).child;
  if (child == nullptr) return refuse_reading(self);
  return guarded([&] { return pybind11::str(static_cast<const Enum*>(child)->state()).release().ptr(); });
}

PyMethodDef methods[] = {{"_open", open, METH_VARARGS, "Makes it the metric; the last argument are the states."},
                         {"state", as_method(state), kFastCall, "state(state): enters that state."},
                         {"get", get, METH_NOARGS, "The state this process is in."},
                         {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_enum(PyObject* module) {
  add_instrument_type(module, "weir._weir.Enum", "Is in one of a fixed set of states.", methods);
}

}  // namespace weir::python
