// The GIL, let go of and taken again where a thread may not come back.
//
// A daemon thread that asks for the GIL while the interpreter ends is ended by a forced unwind, in the middle of our
// frames: destructors would touch Python without the GIL, and catch-alls abort. So such a thread stays where it is
// (unless_ending), as Python's own do since 3.14; the process ends around it.
#pragma once

#include <cxxabi.h>
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace weir::python {

/// Calls `function`, which takes the GIL or runs Python code; does not return when that ends the thread.
/// A forced unwind has no exception object: libstdc++'s __cxa_begin_catch gives null for it, and the reference, which
/// nobody reads, is bound to that. UndefinedBehaviorSanitizer would end the process for it.
template <typename Function>
__attribute__((no_sanitize("undefined"))) auto unless_ending(Function&& function) {
  try {
    return function();
  } catch (abi::__forced_unwind&) {
    for (;;) ::pause();
  }
}

/// Calls `function` without the GIL and gives what it gives, or throws what it throws. The caller holds the GIL.
template <typename Function>
auto without_gil(Function&& function) {
  using Result = decltype(function());
  PyThreadState* const state = PyEval_SaveThread();
  std::optional<Result> result;
  std::exception_ptr error;
  try {
    result.emplace(function());
  } catch (const std::exception&) {
    error = std::current_exception();
  }
  unless_ending([state] { PyEval_RestoreThread(state); });
  if (error) std::rethrow_exception(error);
  return std::move(*result);
}

/// A Python object that C++ threads call now and then. It is guarded by the GIL: its owner clears it before the object
/// goes; whoever finds it empty calls nothing. Copies of the shared pointer need no GIL.
struct Callable {
  PyObject* object = nullptr;  // borrowed from the owner
};

/// Takes the GIL for its lifetime. For threads that Python waits for (servers stop before the interpreter ends).
class GilHold {
 public:
  GilHold() : state_(unless_ending([] { return PyGILState_Ensure(); })) {}
  ~GilHold() { PyGILState_Release(state_); }
  GilHold(const GilHold&) = delete;
  GilHold& operator=(const GilHold&) = delete;

 private:
  const PyGILState_STATE state_;
};

}  // namespace weir::python
