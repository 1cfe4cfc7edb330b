// weir._weir.Histogram.
#include "weir/histogram.h"

#include <array>

#include "native/binding.h"
#include "native/errors.h"
#include "native/instrument.h"
#include "native/shared_cell.h"

namespace weir::python {
namespace {

PyObject* open(PyObject* self, PyObject* args) noexcept {
  return guarded([&]() -> PyObject* {
    const Declaration declared(args);
    auto options = declared.options<HistogramOptions>();
    options.buckets = pybind11::handle(declared.extra).cast<std::vector<double>>();
    open_as<Histogram>(self, &Registry::histogram, options, declared);
    Py_RETURN_NONE;
  });
}

PyObject* observe(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  static constexpr std::array kNames{"amount", "exemplar"};
  std::array<PyObject*, 2> given{};
  if (count == 1 && keywords == nullptr) [[likely]] {
    given[0] = args[0];
  } else if (!arguments("observe", args, count, keywords, kNames, given)) {
    return nullptr;
  }
  double value = 0;
  if (given[0] == nullptr) return PyErr_Format(PyExc_TypeError, "observe() needs an amount");
  if (!number(given[0], value)) return nullptr;
  Child* const child = as_instrument(self).child;
  if (child == nullptr) [[unlikely]]
    return without_child(self, "observe");
  const std::uint32_t bucket = CellAccess::observe(*child, value);
  if (given[1] == nullptr || given[1] == Py_None) Py_RETURN_NONE;
  return guarded([&]() -> PyObject* {
    const Labels labels = labels_from(given[1]);
    if (Child* const still = as_instrument(self).child) CellAccess::keep_exemplar(*still, bucket, labels, value);
    Py_RETURN_NONE;
  });
}

PyMethodDef methods[] = {{"_open", open, METH_VARARGS, "Makes it the metric; the last argument are the bucket bounds."},
                         {"observe", as_method(observe), kFastCall,
                          "observe(amount, exemplar=None): counts it in its bucket and adds it to the sum."},
                         {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_histogram(PyObject* module) {
  add_instrument_type(module, "weir._weir.Histogram", "Counts observations in buckets.", methods);
}

}  // namespace weir::python
