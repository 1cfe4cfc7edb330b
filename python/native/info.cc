// weir._weir.Info.
#include "weir/info.h"

#include "native/errors.h"
#include "native/instrument.h"

namespace weir::python {
namespace {

PyObject* open(PyObject* self, PyObject* args) noexcept {
  return guarded([&]() -> PyObject* {
    const Declaration declared(args);
    open_as<Info>(self, &Registry::info, declared.options<InfoOptions>(), declared);
    Py_RETURN_NONE;
  });
}

PyObject* info(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  PyObject* const labels = only_argument("info", "val", args, count, keywords);
  if (labels == nullptr) return nullptr;
  if (as_instrument(self).child == nullptr) return without_child(self, "info");
  return guarded([&]() -> PyObject* {
    const Labels given = labels_from(labels);
    Child* const child = as_instrument(self).child;  // making texts of labels may have removed it
    if (child == nullptr) return without_child(self, "info");
    static_cast<Info*>(child)->set(given);
    Py_RETURN_NONE;
  });
}

PyMethodDef methods[] = {{"_open", open, METH_VARARGS, "Makes it the metric."},
                         {"info", as_method(info), kFastCall, "info(val): replaces what it says, a dict of texts."},
                         {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_info(PyObject* module) {
  add_instrument_type(module, "weir._weir.Info", "Says constant things in labels.", methods);
}

}  // namespace weir::python
