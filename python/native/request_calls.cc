// What Gunicorn's workers put around their own functions to measure each request: callables in C.
//
// A request of a small application is some 75 µs of work that leaves the processor's caches cold, so what costs is not
// how long a measurement takes in a loop but how much memory it touches: the same in Python's closures took 2.7 µs a
// request, these take 1.0 µs (bench/gunicorn/handle.py).
//
// Thread safety: the GIL; one callable may be in many calls at once (threads, greenlets). Process safety: as
// weir/cell.h. What a call gives or raises is what the function inside gave or raised.
#include <Python.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

#include "native/binding.h"
#include "native/instrument.h"
#include "native/request_call.h"
#include "native/shared_cell.h"
#include "weir/gauge.h"

namespace weir::python {
namespace {

namespace py = pybind11;
using Clock = RequestCall::Clock;

/// Keeps the error that is set, if one is, while a measurement may run Python code of a user's own backend.
class ErrorKept {
 public:
  ErrorKept() noexcept { PyErr_Fetch(&type_, &value_, &trace_); }
  ~ErrorKept() { PyErr_Restore(type_, value_, trace_); }
  ErrorKept(const ErrorKept&) = delete;
  ErrorKept& operator=(const ErrorKept&) = delete;

  /// The exception itself with its traceback; nullptr when none is set. Borrowed.
  PyObject* exception() noexcept {
    if (type_ == nullptr) return nullptr;
    PyErr_NormalizeException(&type_, &value_, &trace_);
    if (trace_ != nullptr) PyException_SetTraceback(value_, trace_);
    return value_;
  }

 private:
  PyObject* type_ = nullptr;
  PyObject* value_ = nullptr;
  PyObject* trace_ = nullptr;
};

PyObject* call_inside(const RequestCall& call, PyObject* const* args, std::size_t count, PyObject* names) noexcept {
  if (call.function == nullptr) [[unlikely]]
    return PyErr_Format(PyExc_RuntimeError, "a measured function was called after its end");
  return PyObject_Vectorcall(call.function, args, count, names);
}

void add_to_gauge(const RequestCall& call, std::size_t part, double amount) noexcept {
  Child* const child = child_in(call, part);
  if (child == nullptr) return;
  try {
    static_cast<Gauge*>(child)->inc(amount);
  } catch (const std::exception&) {
    // Of a mostrecent gauge alone, which the factory refuses.
  }
}

// The application: counted when it ends, however.
PyObject* call_application(PyObject* self, PyObject* const* args, std::size_t count, PyObject* names) noexcept {
  const RequestCall& call = as_call(self);
  PyObject* const result = call_inside(call, args, count, names);
  const auto add = [&call] {
    if (Child* const requests = child_in(call, 0)) CellAccess::count(*requests, 0, 1);
  };
  if (result != nullptr) [[likely]] {
    add();
  } else {
    const ErrorKept error;
    add();
  }
  return result;
}

// What a request that ends in an exception tells `failed(arguments, exception)`.
void tell_failure(PyObject* failed, PyObject* const* args, std::size_t count, ErrorKept& error) noexcept {
  PyObject* const exception = error.exception();
  const auto positional = static_cast<Py_ssize_t>(PyVectorcall_NARGS(count));
  PyObject* const given = PyTuple_New(positional);
  for (Py_ssize_t i = 0; given != nullptr && i < positional; ++i) {
    Py_INCREF(args[i]);
    PyTuple_SET_ITEM(given, i, args[i]);
  }
  PyObject* const answer = given != nullptr ? PyObject_CallFunctionObjArgs(failed, given, exception, nullptr) : nullptr;
  if (answer == nullptr) PyErr_WriteUnraisable(failed);
  Py_XDECREF(answer);
  Py_XDECREF(given);
}

// Gunicorn's handle_request: in progress, timed, its exceptions told.
PyObject* call_handle_request(PyObject* self, PyObject* const* args, std::size_t count, PyObject* names) noexcept {
  const RequestCall& call = as_call(self);
  add_to_gauge(call, 0, 1);
  const Clock::time_point began = Clock::now();
  PyObject* const result = call_inside(call, args, count, names);
  const auto measure = [&call, began] {
    const std::chrono::duration<double> taken = Clock::now() - began;
    if (Child* const duration = child_in(call, 1)) CellAccess::observe(*duration, taken.count());
    add_to_gauge(call, 0, -1);
  };
  if (result != nullptr) [[likely]] {
    measure();
  } else {
    ErrorKept error;
    measure();
    if (call.parts[2] != nullptr) tell_failure(call.parts[2], args, count, error);
  }
  return result;
}

// The worker's sign of life: now and then the second function is called after it.
PyObject* call_notify(PyObject* self, PyObject* const* args, std::size_t count, PyObject* names) noexcept {
  RequestCall& call = as_call(self);
  PyObject* const result = call_inside(call, args, count, names);
  if (result == nullptr) return nullptr;
  const Clock::time_point now = Clock::now();
  if (now < call.due) [[likely]]
    return result;
  call.due = now + call.period;
  if (call.parts[0] == nullptr) return result;
  PyObject* const refreshed = PyObject_CallNoArgs(call.parts[0]);
  if (refreshed == nullptr) {
    Py_DECREF(result);
    return nullptr;
  }
  Py_DECREF(refreshed);
  return result;
}

PyObject* g_path_info = nullptr;  // names of Gunicorn's and WSGI's, interned; kept for the process's life
PyObject* g_content_length = nullptr;
PyObject* g_sent = nullptr;

void observe_bytes(const RequestCall& call, std::size_t part, double bytes) noexcept {
  if (Child* const child = child_in(call, part)) CellAccess::observe(*child, bytes);
}

// What the request announces as the length of its body, where that is digits.
void observe_request(const RequestCall& call, PyObject* length) noexcept {
  Py_ssize_t size = 0;
  const char* const text = PyUnicode_Check(length) ? PyUnicode_AsUTF8AndSize(length, &size) : nullptr;
  if (text == nullptr) return;
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text, text + size, bytes);
  if (error == std::errc() && end == text + size) observe_bytes(call, 0, static_cast<double>(bytes));
}

// What the response says it sent; 0 for one that says nothing.
void observe_response(const RequestCall& call, PyObject* response) noexcept {
  PyObject* const sent = PyObject_GetAttr(response, g_sent);
  double bytes = 0;
  if (sent == nullptr || (sent != Py_None && !number(sent, bytes))) {
    PyErr_Clear();
    bytes = 0;
  }
  Py_XDECREF(sent);
  observe_bytes(call, 1, bytes);
}

// The logger's access(response, request, environ, …), which knows the response. Where the worker itself answers an
// error there is no PATH_INFO.
PyObject* call_access(PyObject* self, PyObject* const* args, std::size_t count, PyObject* names) noexcept {
  const RequestCall& call = as_call(self);
  PyObject* const environ = PyVectorcall_NARGS(count) >= 3 && PyDict_Check(args[2]) ? args[2] : nullptr;
  if (environ != nullptr) {
    if (PyDict_GetItemWithError(environ, g_path_info) != nullptr) {
      observe_response(call, args[0]);
      if (PyObject* const length = PyDict_GetItemWithError(environ, g_content_length)) observe_request(call, length);
    }
    PyErr_Clear();  // a measurement less, also where a key of the application's own cannot be compared
  }
  return call_inside(call, args, count, names);
}

/// The instrument, a child or a metric without labels of that type. Throws TypeError.
PyObject* instrument_in(const py::object& object, MetricType type) {
  const bool is_one = PyObject_TypeCheck(object.ptr(), instrument_type()) != 0;
  const Child* const child = is_one ? as_instrument(object.ptr()).child : nullptr;
  if (child == nullptr || child->info().type != type) {
    throw py::type_error("a " + std::string(to_string(type)) + " that counts is wanted, not " +
                         std::string(py::repr(object)));
  }
  return object.ptr();
}

py::object around_application(const py::object& application, const py::object& requests) {
  return py::reinterpret_steal<py::object>(
      make_request_call(call_application, application.ptr(), {instrument_in(requests, MetricType::counter)}));
}

py::object around_handle_request(const py::object& handle_request, const py::object& in_progress,
                                 const py::object& duration, const py::object& failed) {
  PyObject* const gauge = instrument_in(in_progress, MetricType::gauge);
  return py::reinterpret_steal<py::object>(
      make_request_call(call_handle_request, handle_request.ptr(),
                        {gauge, instrument_in(duration, MetricType::histogram), failed.ptr()}));
}

py::object around_notify(const py::object& notify, const py::object& refresh, double seconds) {
  return py::reinterpret_steal<py::object>(make_request_call(call_notify, notify.ptr(), {refresh.ptr()}, seconds));
}

py::object around_access(const py::object& access, const py::object& request_bytes, const py::object& response_bytes) {
  return py::reinterpret_steal<py::object>(make_request_call(
      call_access, access.ptr(),
      {instrument_in(request_bytes, MetricType::histogram), instrument_in(response_bytes, MetricType::histogram)}));
}

}  // namespace

void add_request_calls(py::module_& module) {
  g_path_info = PyUnicode_InternFromString("PATH_INFO");
  g_content_length = PyUnicode_InternFromString("CONTENT_LENGTH");
  g_sent = PyUnicode_InternFromString("sent");
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  module.add_object("RequestCall", reinterpret_cast<PyObject*>(request_call_type()));
  module.def("around_application", &around_application, py::arg("application"), py::arg("requests"),
             "`application`, each call counted when it ends, however.");
  module.def("around_handle_request", &around_handle_request, py::arg("handle_request"), py::arg("in_progress"),
             py::arg("duration"), py::arg("failed"),
             "`handle_request` with a gauge of calls in progress and a histogram of seconds; `failed(arguments, "
             "exception)` is told what it raises.");
  module.def("around_notify", &around_notify, py::arg("notify"), py::arg("refresh"), py::arg("seconds"),
             "`notify`, and `refresh()` after it when `seconds` have gone by since the last.");
  module.def("around_access", &around_access, py::arg("access"), py::arg("request_bytes"), py::arg("response_bytes"),
             "`access(response, request, environ, …)`, with histograms of what both announce and sent.");
}

}  // namespace weir::python
