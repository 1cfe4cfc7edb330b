#include "native/arguments.h"

#include <pybind11/pybind11.h>

#include <algorithm>

namespace weir::python {

namespace py = pybind11;

std::string text(const py::handle& object) { return object.is_none() ? std::string() : std::string(py::str(object)); }

Labels labels_from(PyObject* dict) {
  Labels out;
  if (dict == nullptr || dict == Py_None) return out;
  if (!PyMapping_Check(dict) || PyUnicode_Check(dict)) {
    throw py::type_error("labels must be a dict of texts, not " + std::string(Py_TYPE(dict)->tp_name));
  }
  const auto items = py::reinterpret_steal<py::object>(PyMapping_Items(dict));
  if (!items) throw py::error_already_set();
  for (const py::handle item : items) out.emplace_back(text(item[py::int_(0)]), text(item[py::int_(1)]));
  return out;
}

bool arguments(const char* verb, PyObject* const* args, Py_ssize_t count, PyObject* keywords,
               std::span<const char* const> names, std::span<PyObject*> out) noexcept {
  std::ranges::fill(out, nullptr);
  if (static_cast<std::size_t>(count) > names.size()) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most %zu arguments (%zd given)", verb, names.size(), count);
    return false;
  }
  for (Py_ssize_t i = 0; i < count; ++i) out[static_cast<std::size_t>(i)] = args[i];
  for (Py_ssize_t k = 0; keywords != nullptr && k < PyTuple_GET_SIZE(keywords); ++k) {
    PyObject* const keyword = PyTuple_GET_ITEM(keywords, k);
    const auto it = std::ranges::find_if(
        names, [&](const char* name) { return PyUnicode_CompareWithASCIIString(keyword, name) == 0; });
    const auto i = static_cast<std::size_t>(it - names.begin());
    if (i == names.size() || out[i] != nullptr) {
      PyErr_Format(PyExc_TypeError, "%s() got %s argument %R", verb,
                   i == names.size() ? "an unexpected keyword" : "multiple values for", keyword);
      return false;
    }
    out[i] = args[count + k];
  }
  return true;
}

PyObject* only_argument(const char* verb, const char* name, PyObject* const* args, Py_ssize_t count,
                        PyObject* keywords) noexcept {
  if (count == 1 && keywords == nullptr) [[likely]]
    return args[0];
  PyObject* given = nullptr;
  if (!arguments(verb, args, count, keywords, {&name, 1}, {&given, 1})) return nullptr;
  return given != nullptr ? given : PyErr_Format(PyExc_TypeError, "%s() needs %s", verb, name);
}

Declaration::Declaration(PyObject* arguments) {
  const auto all = py::reinterpret_borrow<py::tuple>(arguments);
  if (all.size() != 8) throw py::type_error("_open takes 8 arguments");
  name = text(all[0]);
  help = text(all[1]);
  for (const py::handle label : all[2]) label_names.push_back(text(label));
  name_space = text(all[3]);
  subsystem = text(all[4]);
  unit = text(all[5]);
  if (!all[6].is_none()) storage = &all[6].cast<Storage&>();
  extra = py::object(all[7]).ptr();
}

}  // namespace weir::python
