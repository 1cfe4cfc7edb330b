// weir._weir.Gauge.
#include "weir/gauge.h"

#include <array>

#include "native/binding.h"
#include "native/errors.h"
#include "native/instrument.h"
#include "weir/error.h"

namespace weir::python {
namespace {

namespace py = pybind11;

Gauge* gauge_of(PyObject* self) noexcept { return static_cast<Gauge*>(as_instrument(self).child); }

PyObject* open(PyObject* self, PyObject* args) noexcept {
  return guarded([&]() -> PyObject* {
    const Declaration declared(args);
    auto options = declared.options<GaugeOptions>();
    const auto mode = std::string(py::str(declared.extra));
    const std::optional<GaugeMode> known = gauge_mode_from(mode);
    if (!known) {
      std::string all;
      for (const GaugeMode m : kGaugeModes) all += (all.empty() ? "" : ", ") + std::string(to_string(m));
      throw ValueError("gauge " + declared.name + ": multiprocess_mode='" + mode + "' is none of: " + all);
    }
    options.mode = *known;
    open_as<Gauge>(self, &Registry::gauge, options, declared);
    Py_RETURN_NONE;
  });
}

// What float() takes: a text too, as prometheus_client's set() and set_function() have it.
bool number_or_text(PyObject* object, double& out) noexcept {
  if (!PyUnicode_Check(object)) [[likely]]
    return number(object, out);
  const auto parsed = py::reinterpret_steal<py::object>(PyFloat_FromString(object));
  return parsed && number(parsed.ptr(), out);
}

PyObject* set(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  PyObject* const value = only_argument("set", "value", args, count, keywords);
  double number_given = 0;
  if (value == nullptr || !number_or_text(value, number_given)) return nullptr;
  Gauge* const gauge = gauge_of(self);
  if (gauge == nullptr) [[unlikely]]
    return without_child(self, "set");
  gauge->set(number_given);
  Py_RETURN_NONE;
}

PyObject* add(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords, const char* verb,
              double sign) noexcept {
  double amount = 1;
  if (count != 0 || keywords != nullptr) {
    static constexpr std::array kNames{"amount"};
    std::array<PyObject*, 1> given{};
    if (!arguments(verb, args, count, keywords, kNames, given)) return nullptr;
    if (given[0] != nullptr && !number(given[0], amount)) return nullptr;
  }
  Gauge* const gauge = gauge_of(self);
  if (gauge == nullptr) [[unlikely]]
    return without_child(self, verb);
  return guarded([&]() -> PyObject* {
    gauge->inc(sign * amount);
    Py_RETURN_NONE;
  });
}

PyObject* inc(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  return add(self, args, count, keywords, "inc", 1);
}

PyObject* dec(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  return add(self, args, count, keywords, "dec", -1);
}

PyObject* set_to_current_time(PyObject* self, PyObject* /*none*/) noexcept {
  Gauge* const gauge = gauge_of(self);
  if (gauge == nullptr) return without_child(self, "set_to_current_time");
  gauge->set_to_current_time();
  Py_RETURN_NONE;
}

// What the collecting thread calls; it may be any thread.
double call(const Callable& callable, double before) {
  const GilHold gil;
  if (callable.object == nullptr) return before;  // replaced or removed meanwhile
  const auto function = py::reinterpret_borrow<py::object>(callable.object);
  const auto result =
      py::reinterpret_steal<py::object>(unless_ending([&] { return PyObject_CallNoArgs(function.ptr()); }));
  double value = 0;
  if (!result || !number_or_text(result.ptr(), value)) {
    // As text: a Python error must not leave the GIL.
    throw Error(py::error_already_set().what());
  }
  return value;
}

PyObject* set_function(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) noexcept {
  PyObject* const function = only_argument("set_function", "f", args, count, keywords);
  if (function == nullptr) return nullptr;
  Gauge* const gauge = gauge_of(self);
  if (gauge == nullptr) return without_child(self, "set_function");
  if (function != Py_None && PyCallable_Check(function) == 0) {
    return PyErr_Format(PyExc_TypeError, "set_function(): %R is not callable", function);
  }
  return guarded([&]() -> PyObject* {
    std::shared_ptr<Callable> fresh;
    if (function == Py_None) {
      gauge->set_function({});
    } else {
      fresh = std::make_shared<Callable>(Callable{function});
      gauge->set_function([fresh, gauge] { return call(*fresh, gauge->get()); });
      Py_INCREF(function);
    }
    Instrument& me = as_instrument(self);
    std::swap(me.function, fresh);
    if (fresh) Py_XDECREF(std::exchange(fresh->object, nullptr));
    Py_RETURN_NONE;
  });
}

PyObject* get(PyObject* self, PyObject* /*none*/) noexcept {
  const Gauge* const gauge = gauge_of(self);
  if (gauge == nullptr) return refuse_reading(self);
  return guarded([&] { return PyFloat_FromDouble(gauge->get()); });
}

PyMethodDef methods[] = {
    {"_open", open, METH_VARARGS, "Makes it the metric; the last argument is the mode."},
    {"set", as_method(set), kFastCall, "set(value): replaces this process's value."},
    {"inc", as_method(inc), kFastCall, "inc(amount=1.0): adds; not in the mostrecent modes."},
    {"dec", as_method(dec), kFastCall, "dec(amount=1.0): takes away; not in the mostrecent modes."},
    {"set_to_current_time", set_to_current_time, METH_NOARGS, "Unix seconds, now."},
    {"set_function", as_method(set_function), kFastCall,
     "set_function(f): each scrape of this process calls f() for the value; None ends it."},
    {"get", get, METH_NOARGS, "This process's value."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_gauge(PyObject* module) {
  add_instrument_type(module, "weir._weir.Gauge", "Goes up and down.", methods);
  py::tuple modes(kGaugeModes.size());
  for (std::size_t i = 0; i < kGaugeModes.size(); ++i) modes[i] = py::str(std::string(to_string(kGaugeModes[i])));
  py::reinterpret_borrow<py::module_>(module).add_object("GAUGE_MODES", modes);
}

}  // namespace weir::python
