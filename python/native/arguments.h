// What Python passes to the native methods, taken apart.
//
// Thread safety: the GIL. Process safety: none of its own.
#pragma once

#include <pybind11/pybind11.h>

#include <span>
#include <string>
#include <vector>

#include "weir/snapshot.h"
#include "weir/storage.h"

namespace weir::python {

/// As str() gives it; empty for None. Throws pybind11::error_already_set.
std::string text(const pybind11::handle& object);

/// A number argument: an int, a float, or what has __float__. False with a Python error set.
inline bool number(PyObject* object, double& out) noexcept {
  out = PyFloat_CheckExact(object) ? PyFloat_AS_DOUBLE(object) : PyFloat_AsDouble(object);
  return out != -1.0 || PyErr_Occurred() == nullptr;
}
/// Python's `dict` of texts, or None. Throws TypeError for another thing.
Labels labels_from(PyObject* dict);
/// Sorts the arguments of a METH_FASTCALL | METH_KEYWORDS call into `out` (borrowed, null where absent), by position
/// and by `names`. False with a TypeError set.
bool arguments(const char* verb, PyObject* const* args, Py_ssize_t count, PyObject* keywords,
               std::span<const char* const> names, std::span<PyObject*> out) noexcept;
/// The argument of such a call that takes one, by position or as `name`; borrowed. Null with a TypeError set.
PyObject* only_argument(const char* verb, const char* name, PyObject* const* args, Py_ssize_t count,
                        PyObject* keywords) noexcept;

/// What the type's `_open` is called with: (name, documentation, labelnames, namespace, subsystem, unit, storage,
/// extra).
struct Declaration {
  explicit Declaration(PyObject* arguments);
  std::string name, help;
  std::vector<std::string> label_names;
  std::string name_space, subsystem, unit;
  Storage* storage = nullptr;
  PyObject* extra = nullptr;  // borrowed: a mode, bounds or states

  /// Fills what all options have in common.
  template <typename Options>
  Options options() const {
    Options out;
    out.name = name;
    out.help = help;
    out.name_space = name_space;
    out.subsystem = subsystem;
    if constexpr (requires { out.unit; }) out.unit = unit;
    return out;
  }
};

}  // namespace weir::python
