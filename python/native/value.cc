// weir._weir.Value: one value of a metric over one cell, the value class of prometheus_client's metrics.
//
// Every call writes the process's shared cell with one atomic operation: Python's threads are many and short-lived, and
// a slot for each would multiply the entries of the files for nothing that the GIL does not cost anyway.
//
// Thread safety: every method from any thread, also of a Python without a GIL. Process safety: as weir/cell.h.
#include <Python.h>

#include <optional>
#include <string>
#include <vector>

#include "instrument/backend_choice.h"
#include "instrument/recent_value.h"
#include "native/binding.h"
#include "native/errors.h"
#include "storage/cell_space.h"
#include "weir/cell.h"
#include "weir/error.h"
#include "weir/storage.h"

namespace weir::python {
namespace {

namespace py = pybind11;

/// The cell, and what keys say of it.
class ValueCells final : public CellGroup {
 public:
  struct Description {
    MetricType type;
    GaugeMode mode;
    std::string family;
    std::string sample;
    Labels labels;
    std::string help;
  };
  ValueCells(Description description, Storage& storage)
      : description_(std::move(description)), stamps_sets_(storage.marks_gauge_sets()) {
    if (storage.holds_backends()) make_backends(storage, 1);
    {
      const RegistrationHold hold;
      open(storage, 1);
    }
    cell_space().say_deferred();
  }
  ~ValueCells() override { close(); }

  void inc(double amount) noexcept {
    static_cast<void>(shared_cell(0));  // made if this process has none yet
    add_async(0, amount);
  }
  /// `timestamp` 0: none given.
  void set(double value, double timestamp) noexcept {
    Cell* const cell = shared_cell(0);
    if (cell == nullptr) return;
    if (keeps_time()) {
      const double newest = cell->timestamp.load(std::memory_order_relaxed);
      store_if_newer(*cell, value, timestamp != 0 ? timestamp : stamp_after(newest));
      return;
    }
    cell->value.store(value, std::memory_order_release);  // before the stamp that tells of it
    if (stamps_sets_) cell->timestamp.store(stamp_after(0), std::memory_order_release);
  }
  double get() const { return read(0); }
  double timestamp() noexcept {
    const Cell* const cell = shared_cell(0);
    return cell != nullptr ? cell->timestamp.load(std::memory_order_relaxed) : 0;
  }
  bool keeps_time() const noexcept {
    return description_.type == MetricType::gauge && without_live(description_.mode) == GaugeMode::mostrecent;
  }

  SampleName sample_name(std::uint32_t /*i*/) const override { return {description_.sample, description_.labels, ""}; }
  std::string_view family_name() const noexcept override { return description_.family; }
  std::string_view help() const noexcept override { return description_.help; }
  MetricType type() const noexcept override { return description_.type; }
  GaugeMode mode() const noexcept override { return description_.mode; }

 private:
  const Description description_;
  const bool stamps_sets_;
};

struct Value {
  PyObject_HEAD ValueCells* cells;  // null until __init__
};

Value* as_value(PyObject* self) noexcept { return reinterpret_cast<Value*>(self); }

/// Sets a Python error and gives nullptr when __init__ never ran.
ValueCells* cells_of(PyObject* self) noexcept {
  ValueCells* const cells = as_value(self)->cells;
  if (cells == nullptr) [[unlikely]]
    PyErr_SetString(PyExc_RuntimeError, "weir.Value: __init__ has not been called");
  return cells;
}

ValueCells::Description describe(const py::args& args, const py::kwargs& kwargs) {
  const auto inspect = [](const std::string& typ, const std::string& metric_name, const std::string& name,
                          const std::vector<std::string>& labelnames, const std::vector<std::string>& labelvalues,
                          const std::string& help_text, const std::string& multiprocess_mode) {
    const std::optional<MetricType> type = metric_type_from(typ);
    const std::optional<GaugeMode> mode = gauge_mode_from(multiprocess_mode.empty() ? "all" : multiprocess_mode);
    if (!type || *type > MetricType::summary) {
      throw ValueError("metric " + metric_name + ": type '" + typ + "' must be counter, gauge, histogram or summary");
    }
    if (!mode) throw ValueError("metric " + metric_name + ": unknown multiprocess mode '" + multiprocess_mode + "'");
    if (labelnames.size() != labelvalues.size()) {
      throw ValueError("metric " + metric_name + ": " + std::to_string(labelnames.size()) + " label names and " +
                       std::to_string(labelvalues.size()) + " values");
    }
    Labels labels;
    for (std::size_t i = 0; i < labelnames.size(); ++i) labels.emplace_back(labelnames[i], labelvalues[i]);
    return ValueCells::Description{*type, *mode, metric_name, name, std::move(labels), help_text};
  };
  const auto argument = [&](std::size_t i, const char* name) -> py::object {
    if (i < args.size()) return args[i];
    if (kwargs.contains(name)) return kwargs[name];
    return py::none();
  };
  const auto texts = [](const py::object& list) {
    std::vector<std::string> out;
    if (!list.is_none()) {
      for (const py::handle item : list) out.push_back(py::str(item));
    }
    return out;
  };
  const auto text = [](const py::object& object) {
    return object.is_none() ? std::string() : std::string(py::str(object));
  };
  return inspect(text(argument(0, "typ")), text(argument(1, "metric_name")), text(argument(2, "name")),
                 texts(argument(3, "labelnames")), texts(argument(4, "labelvalues")), text(argument(5, "help_text")),
                 text(argument(6, "multiprocess_mode")));
}

int initialize(PyObject* self, PyObject* args, PyObject* kwargs) noexcept {
  PyObject* const done = guarded([&]() -> PyObject* {
    const auto positional = py::reinterpret_borrow<py::args>(args);
    const auto named = kwargs != nullptr ? py::reinterpret_borrow<py::kwargs>(kwargs) : py::kwargs();
    Storage& storage =
        named.contains("storage") && !named["storage"].is_none() ? named["storage"].cast<Storage&>() : chosen_storage();
    auto made = std::make_unique<ValueCells>(describe(positional, named), storage);
    delete std::exchange(as_value(self)->cells, made.release());
    return Py_None;
  });
  return done != nullptr ? 0 : -1;
}

void deallocate(PyObject* self) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  delete as_value(self)->cells;
  type->tp_free(self);
  Py_DECREF(type);
}

/// A number argument: an int, a float, or what has __float__. False with a Python error set.
bool number(PyObject* object, double& out) noexcept {
  out = PyFloat_CheckExact(object) ? PyFloat_AS_DOUBLE(object) : PyFloat_AsDouble(object);
  return out != -1.0 || PyErr_Occurred() == nullptr;
}

PyObject* inc(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept {
  ValueCells* const cells = cells_of(self);
  if (cells == nullptr) return nullptr;
  double amount = 1;
  if (count > 1) {
    PyErr_Format(PyExc_TypeError, "inc() takes at most 1 argument (%zd given)", count);
    return nullptr;
  }
  if (count == 1 && !number(args[0], amount)) return nullptr;
  cells->inc(amount);
  Py_RETURN_NONE;
}

PyObject* set(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) noexcept {
  ValueCells* const cells = cells_of(self);
  if (cells == nullptr) return nullptr;
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
  cells->set(value, timestamp);
  Py_RETURN_NONE;
}

PyObject* get(PyObject* self, PyObject* /*none*/) noexcept {
  ValueCells* const cells = cells_of(self);
  return cells == nullptr ? nullptr : guarded([&] { return PyFloat_FromDouble(cells->get()); });
}

PyObject* get_timestamp(PyObject* self, PyObject* /*none*/) noexcept {
  ValueCells* const cells = cells_of(self);
  return cells == nullptr ? nullptr : PyFloat_FromDouble(cells->timestamp());
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
    {"get_timestamp", get_timestamp, METH_NOARGS, "The timestamp of a mostrecent value; else 0."},
    {nullptr, nullptr, 0, nullptr}};

const char* const kDoc =
    "Value(typ, metric_name, name, labelnames, labelvalues, help_text, multiprocess_mode='', *, storage=None)\n\n"
    "One value of a metric, in the storage given or the one the environment chooses.";

PyType_Slot slots[] = {{Py_tp_init, reinterpret_cast<void*>(initialize)},
                       {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
                       {Py_tp_methods, methods},
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
