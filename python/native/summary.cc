// weir._weir.Summary.
#include "weir/summary.h"

#include <array>

#include "native/errors.h"
#include "native/instrument.h"
#include "native/shared_cell.h"

namespace weir::python {
namespace {

PyObject* open(PyObject* self, PyObject* args) noexcept {
  return guarded([&]() -> PyObject* {
    const Declaration declared(args);
    open_as<Summary>(self, &Registry::summary, declared.options<SummaryOptions>(), declared);
    Py_RETURN_NONE;
  });
}

// Cell 0 is the count, cell 1 the sum.
PyObject* observe(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  PyObject* const amount = only_argument("observe", "amount", args, count, keywords);
  double value = 0;
  if (amount == nullptr || !number(amount, value)) return nullptr;
  Child* const child = as_instrument(self).child;
  if (child == nullptr) [[unlikely]]
    return without_child(self, "observe");
  CellAccess::count(*child, 0, 1);
  CellAccess::count(*child, 1, value);
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"_open", open, METH_VARARGS, "Makes it the metric."},
    {"observe", as_method(observe), kFastCall, "observe(amount): counts it and adds it to the sum."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_summary(PyObject* module) {
  add_instrument_type(module, "weir._weir.Summary", "Counts observations and adds them up.", methods);
}

}  // namespace weir::python
