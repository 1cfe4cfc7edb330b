// weir._weir.Counter: inc() is the hottest call there is.
#include "weir/counter.h"

#include <array>

#include "native/errors.h"
#include "native/instrument.h"
#include "native/shared_cell.h"

namespace weir::python {
namespace {

PyObject* open(PyObject* self, PyObject* args) noexcept {
  return guarded([&]() -> PyObject* {
    const Declaration declared(args);
    open_as<Counter>(self, &Registry::counter, declared.options<CounterOptions>(), declared);
    Py_RETURN_NONE;
  });
}

PyObject* inc_by(PyObject* self, Child& child, double amount, PyObject* exemplar) noexcept {
  if (!(amount >= 0)) [[unlikely]] {
    return guarded([&]() -> PyObject* {
      static_cast<Counter&>(child).inc(amount);  // refuses it, in its words
      Py_RETURN_NONE;
    });
  }
  CellAccess::count(child, 0, amount);
  if (exemplar == nullptr || exemplar == Py_None) Py_RETURN_NONE;
  return guarded([&]() -> PyObject* {
    const Labels labels = labels_from(exemplar);
    if (Child* const still = as_instrument(self).child) CellAccess::keep_exemplar(*still, 0, labels, amount);
    Py_RETURN_NONE;
  });
}

PyObject* inc(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  Child* child = as_instrument(self).child;
  if (child == nullptr) [[unlikely]]
    return without_child(self, "inc");
  if (count == 0 && keywords == nullptr) [[likely]] {
    CellAccess::count(*child, 0, 1);
    Py_RETURN_NONE;
  }
  static constexpr std::array kNames{"amount", "exemplar"};
  std::array<PyObject*, 2> given{};
  double amount = 1;
  if (!arguments("inc", args, count, keywords, kNames, given)) return nullptr;
  if (given[0] != nullptr && !number(given[0], amount)) return nullptr;
  child = as_instrument(self).child;  // __float__ may have removed it
  if (child == nullptr) return without_child(self, "inc");
  return inc_by(self, *child, amount, given[1]);
}

PyObject* get(PyObject* self, PyObject* /*none*/) noexcept {
  const Child* const child = as_instrument(self).child;
  if (child == nullptr) return refuse_reading(self);
  return guarded([&] { return PyFloat_FromDouble(static_cast<const Counter*>(child)->get()); });
}

PyMethodDef methods[] = {
    {"_open", open, METH_VARARGS, "Makes it the metric."},
    {"inc", as_method(inc), kFastCall,
     "inc(amount=1.0, exemplar=None): adds; a negative amount is a ValueError. The exemplar is a dict of labels."},
    {"get", get, METH_NOARGS, "What this process has counted."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_counter(PyObject* module) { add_instrument_type(module, "weir._weir.Counter", "Only goes up.", methods); }

}  // namespace weir::python
