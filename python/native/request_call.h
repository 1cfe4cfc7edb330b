// A callable that calls one function and does something around it: the object that request_calls.cc gives Gunicorn.
//
// Thread safety: the GIL. Process safety: as weir/cell.h.
#pragma once

#include <Python.h>

#include <array>
#include <chrono>
#include <cstddef>

#include "native/instrument.h"

namespace weir::python {

struct RequestCall {
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMostParts = 3;

  PyObject_HEAD vectorcallfunc call;        // what calling it does
  PyObject* function;                       // owned; null after the garbage collector's clear
  std::array<PyObject*, kMostParts> parts;  // owned: instruments, functions, or null
  Clock::duration period;                   // of around_notify
  Clock::time_point due;
};

inline RequestCall& as_call(PyObject* self) noexcept { return *reinterpret_cast<RequestCall*>(self); }

/// The child that counts of the instrument in that part; nullptr: it was removed.
inline Child* child_in(const RequestCall& call, std::size_t part) noexcept {
  PyObject* const instrument = call.parts[part];
  return instrument != nullptr ? as_instrument(instrument).child : nullptr;
}

/// Their type, kept for the process's life. Throws pybind11::error_already_set.
PyTypeObject* request_call_type();

/// A new one; takes references to `function` and `parts`. `period_seconds`: from 0 to 1e6. Throws
/// pybind11::error_already_set.
PyObject* make_request_call(vectorcallfunc call, PyObject* function,
                            std::array<PyObject*, RequestCall::kMostParts> parts, double period_seconds = 0);

}  // namespace weir::python
