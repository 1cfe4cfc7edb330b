// weir._weir.Value: one value of a metric, the value class of prometheus_client's metrics.
//
// In files and Redis it is one cell (value_cells.h). In memory it is a number in the object itself, which a forked
// child goes on with, as prometheus_client's own does where only one process is scraped.
//
// Thread safety: every method from any thread, also of a Python without a GIL. Process safety: as weir/cell.h.
#include <Python.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "instrument/backend_choice.h"
#include "native/arguments.h"
#include "native/binding.h"
#include "native/errors.h"
#include "native/gil.h"
#include "native/value_cells.h"
#include "weir/error.h"
#include "weir/storage.h"

namespace weir::python {
namespace {

namespace py = pybind11;

/// What a Value is made of besides the Python head. Constant after __init__, except where said.
struct State {
  std::unique_ptr<ValueCells> cells;  // null: in memory
  std::atomic<double> own{0};         // the value in memory
  std::atomic<double> own_timestamp{0};
  std::atomic<double> brought{0};  // see bring()
  std::atomic<pid_t> brought_by{0};
  PyObject* exemplar = nullptr;  // guarded by exemplar_mutex

  void inc(double amount) noexcept {
    // Relaxed: nothing is published through a value.
    cells != nullptr ? cells->inc(amount) : static_cast<void>(own.fetch_add(amount, std::memory_order_relaxed));
  }
  void set(double value, double timestamp) noexcept {
    if (cells != nullptr) return cells->set(value, timestamp);
    own.store(value, std::memory_order_relaxed);
    own_timestamp.store(timestamp, std::memory_order_relaxed);
  }
  double get() const {
    if (cells == nullptr) return own.load(std::memory_order_relaxed);
    const double more = brought.load(std::memory_order_acquire);  // pairs with the release in bring()
    return cells->get() + (more != 0 && brought_by.load(std::memory_order_relaxed) == ::getpid() ? more : 0);
  }
};

std::mutex exemplar_mutex;  // held for the swap of a pointer only: no Python code runs under it

struct Value {
  PyObject_HEAD State* state;  // null until __init__
};

Value* as_value(PyObject* self) noexcept { return reinterpret_cast<Value*>(self); }

/// Sets a Python error and gives nullptr when __init__ never ran.
State* state_of(PyObject* self) noexcept {
  State* const state = as_value(self)->state;
  if (state == nullptr) [[unlikely]]
    PyErr_SetString(PyExc_RuntimeError, "weir.Value: __init__ has not been called");
  return state;
}

std::vector<std::string> texts(const py::object& list) {
  std::vector<std::string> out;
  if (list.is_none()) return out;
  for (const py::handle item : list) out.emplace_back(py::str(item));
  return out;
}

/// Checks what the keys will say.
ValueDescription description_from(const std::string& typ, std::string family, std::string sample,
                                  const std::vector<std::string>& label_names,
                                  const std::vector<std::string>& label_values, std::string help,
                                  const std::string& mode_name) {
  const std::optional<MetricType> type = metric_type_from(typ);
  const std::optional<GaugeMode> mode = gauge_mode_from(mode_name.empty() ? "all" : mode_name);
  if (!type || *type > MetricType::summary) {
    throw ValueError("metric " + family + ": type '" + typ + "' must be counter, gauge, histogram or summary");
  }
  if (!mode) throw ValueError("metric " + family + ": unknown multiprocess mode '" + mode_name + "'");
  if (label_names.size() != label_values.size()) {
    throw ValueError("metric " + family + ": " + std::to_string(label_names.size()) + " label names and " +
                     std::to_string(label_values.size()) + " values");
  }
  Labels labels;
  for (std::size_t i = 0; i < label_names.size(); ++i) labels.emplace_back(label_names[i], label_values[i]);
  return {*type, *mode, std::move(family), std::move(sample), std::move(labels), std::move(help)};
}

/// From the constructor's arguments, by place or by name. Names it does not know are let pass: each version of
/// prometheus_client adds some.
ValueDescription describe(const py::args& args, const py::kwargs& kwargs) {
  const auto argument = [&](std::size_t i, const char* name) -> py::object {
    if (i < args.size()) return args[i];
    if (kwargs.contains(name)) return kwargs[name];
    return py::none();
  };
  return description_from(text(argument(0, "typ")), text(argument(1, "metric_name")), text(argument(2, "name")),
                          texts(argument(3, "labelnames")), texts(argument(4, "labelvalues")),
                          text(argument(5, "help_text")), text(argument(6, "multiprocess_mode")));
}

int initialize(PyObject* self, PyObject* args, PyObject* kwargs) noexcept {
  PyObject* const done = guarded([&]() -> PyObject* {
    const auto positional = py::reinterpret_borrow<py::args>(args);
    const auto named = kwargs != nullptr ? py::reinterpret_borrow<py::kwargs>(kwargs) : py::kwargs();
    if (as_value(self)->state != nullptr) throw py::type_error("weir.Value: __init__ has been called before");
    Storage& storage = named.contains("storage") && !named["storage"].is_none()
                           ? named["storage"].cast<Storage&>()
                           : *without_gil([] { return &chosen_storage(); });  // it may ask a Redis
    ValueDescription description = describe(positional, named);
    auto state = std::make_unique<State>();
    if (&storage != &memory_storage()) {  // it may write to a file and wait for other threads
      state->cells = without_gil([&] { return std::make_unique<ValueCells>(std::move(description), storage); });
    }
    as_value(self)->state = state.release();
    return Py_None;
  });
  return done != nullptr ? 0 : -1;
}

void deallocate(PyObject* self) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  if (State* const state = as_value(self)->state) {
    Py_XDECREF(state->exemplar);
    delete state;
  }
  type->tp_free(self);
  Py_DECREF(type);
}

/// A number argument: an int, a float, or what has __float__. False with a Python error set.
bool number(PyObject* object, double& out) noexcept {
  out = PyFloat_CheckExact(object) ? PyFloat_AS_DOUBLE(object) : PyFloat_AsDouble(object);
  return out != -1.0 || PyErr_Occurred() == nullptr;
}

PyObject* inc(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept {
  State* const state = state_of(self);
  if (state == nullptr) return nullptr;
  double amount = 1;
  if (count > 1) {
    PyErr_Format(PyExc_TypeError, "inc() takes at most 1 argument (%zd given)", count);
    return nullptr;
  }
  if (count == 1 && !number(args[0], amount)) return nullptr;
  state->inc(amount);
  Py_RETURN_NONE;
}

PyObject* set(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) noexcept {
  State* const state = state_of(self);
  if (state == nullptr) return nullptr;
  double value = 0;
  double timestamp = 0;
  const Py_ssize_t all = count + (names != nullptr ? PyTuple_GET_SIZE(names) : 0);
  const bool is_named = all == 2 && count == 1;
  if (all < 1 || all > 2 || count < 1 ||
      (is_named && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "timestamp") != 0)) {
    PyErr_SetString(PyExc_TypeError, "set(value, timestamp=None)");
    return nullptr;
  }
  if (!number(args[0], value)) return nullptr;
  if (all == 2 && args[1] != Py_None && !number(args[1], timestamp)) return nullptr;
  state->set(value, timestamp);
  Py_RETURN_NONE;
}

PyObject* get(PyObject* self, PyObject* /*none*/) noexcept {
  const State* const state = state_of(self);
  return state == nullptr ? nullptr : guarded([&] { return PyFloat_FromDouble(state->get()); });
}

PyObject* bring(PyObject* self, PyObject* object) noexcept {
  State* const state = state_of(self);
  double amount = 0;
  if (state == nullptr || !number(object, amount)) return nullptr;
  state->brought_by.store(::getpid(), std::memory_order_relaxed);
  state->brought.store(amount, std::memory_order_release);
  Py_RETURN_NONE;
}

PyObject* get_timestamp(PyObject* self, PyObject* /*none*/) noexcept {
  State* const state = state_of(self);
  if (state == nullptr) return nullptr;
  return PyFloat_FromDouble(state->cells != nullptr ? state->cells->timestamp()
                                                    : state->own_timestamp.load(std::memory_order_relaxed));
}

/// prometheus_client's Exemplar as ours; nothing where it is not one.
std::optional<Exemplar> exemplar_from(PyObject* object) {
  const py::handle handle(object);
  if (!py::hasattr(handle, "labels")) return std::nullopt;
  Exemplar exemplar;
  for (const auto& [name, value] : handle.attr("labels").cast<py::dict>()) {
    exemplar.labels.emplace_back(py::str(name), py::str(value));
  }
  exemplar.value = handle.attr("value").cast<double>();
  const py::object timestamp = handle.attr("timestamp");
  exemplar.timestamp = timestamp.is_none() ? 0 : py::float_(timestamp).cast<double>();
  return exemplar;
}

PyObject* set_exemplar(PyObject* self, PyObject* object) noexcept {
  State* const state = state_of(self);
  if (state == nullptr) return nullptr;
  return guarded([&]() -> PyObject* {
    if (state->cells != nullptr) {
      if (const auto exemplar = exemplar_from(object)) state->cells->put_exemplar(*exemplar);
    }
    Py_INCREF(object);
    {
      const std::lock_guard hold(exemplar_mutex);
      std::swap(object, state->exemplar);
    }
    Py_XDECREF(object);
    Py_RETURN_NONE;
  });
}

PyObject* get_exemplar(PyObject* self, PyObject* /*none*/) noexcept {
  State* const state = state_of(self);
  if (state == nullptr) return nullptr;
  const std::lock_guard hold(exemplar_mutex);
  PyObject* const exemplar = state->exemplar != nullptr ? state->exemplar : Py_None;
  Py_INCREF(exemplar);
  return exemplar;
}

PyObject* is_multiprocess(PyObject* self, void* /*closure*/) noexcept {
  const State* const state = state_of(self);
  return state == nullptr ? nullptr : PyBool_FromLong(state->cells != nullptr);
}

template <typename Function>
PyCFunction as_method(Function* function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"inc", as_method(inc), METH_FASTCALL, "inc(amount=1.0): adds to this process's value."},
    {"set", as_method(set), METH_FASTCALL | METH_KEYWORDS,
     "set(value, timestamp=None): replaces it; the timestamp (Unix seconds) counts in the mostrecent modes."},
    {"get", get, METH_NOARGS, "This process's value."},
    {"bring", bring, METH_O,
     "bring(amount): get() adds what this process counted before in another file, which stays for readers. A forked "
     "child counts from zero as ever."},
    {"get_timestamp", get_timestamp, METH_NOARGS, "The timestamp of a mostrecent value; else 0."},
    {"set_exemplar", set_exemplar, METH_O,
     "set_exemplar(exemplar): keeps prometheus_client's Exemplar, and shows it to readers of files and Redis."},
    {"get_exemplar", get_exemplar, METH_NOARGS, "The last exemplar set in this process, or None."},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef properties[] = {{"_multiprocess", is_multiprocess, nullptr,
                             "True where other processes' readers find the value; False in memory.", nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

const char* const kDoc =
    "Value(typ, metric_name, name, labelnames, labelvalues, help_text, multiprocess_mode='', *, storage=None)\n\n"
    "One value of a metric, in the storage given or the one the environment chooses.";

PyType_Slot slots[] = {{Py_tp_init, reinterpret_cast<void*>(initialize)},
                       {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, properties},
                       {Py_tp_doc, const_cast<char*>(kDoc)},
                       {0, nullptr}};

PyType_Spec spec = {"weir._weir.Value", sizeof(Value), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

}  // namespace

void add_value(py::module_& module) {
  PyObject* const type = PyType_FromSpec(&spec);
  if (type == nullptr) throw py::error_already_set();
  module.add_object("Value", py::reinterpret_steal<py::object>(type));
}

}  // namespace weir::python
