// Weir's C++ errors as Python exceptions.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>

namespace weir::python {

/// Sets the Python error that belongs to the C++ exception being handled; call it in a catch block. For functions
/// written for CPython by hand; pybind11's do it by themselves.
void set_python_error(std::exception_ptr error) noexcept;

/// Calls `function`; what it throws becomes the Python error and the result nullptr.
template <typename Function>
PyObject* guarded(Function&& function) noexcept {
  try {
    return function();
  } catch (...) {
    set_python_error(std::current_exception());
    return nullptr;
  }
}

}  // namespace weir::python
