// The children of a metric with labels: found or made by labels(), forgotten by remove() and clear().
//
// All are CPython methods: nullptr with an error set where they fail. Thread safety: the GIL, which they let go of
// where C++ may wait. Process safety: as weir/cell.h.
#pragma once

#include <Python.h>

#include <cstddef>
#include <string>
#include <vector>

namespace weir::python {

inline constexpr std::size_t kMostLabels = 64;  ///< of a metric made from Python

PyObject* instrument_labels(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) noexcept;
PyObject* remove_child(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept;
PyObject* clear_children(PyObject* self, PyObject* none) noexcept;
PyObject* list_children(PyObject* self, PyObject* none) noexcept;
/// A metric without labels becomes its own child: only then it stands in files.
PyObject* begin_counting(PyObject* self, PyObject* none) noexcept;

/// Names for a message: a, b, c.
std::string joined(const std::vector<std::string>& names);

}  // namespace weir::python
