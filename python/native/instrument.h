// What Counter, Gauge, Histogram, Summary, Info and Enum have in common as Python objects.
//
// One object is a metric without labels, a metric with labels (which only makes children), or such a child. Metrics and
// children share the C++ metric, so each stays good without the other; a metric owns its children.
//
//   metric {table} ──> child {values, child ──> weir::Child}
//        └───── shared_ptr<NativeMetric> ─────┘
//
// Each metric is a weir::Registry of its own: Python's registries hold metrics in the order they came, and a metric may
// stand in several of them (source_registry.h).
//
// Thread safety: the GIL. Process safety: as weir/cell.h.
#pragma once

#include <Python.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/child_table.h"
#include "native/gil.h"
#include "weir/registry.h"

namespace weir::python {

/// A metric as C++ has it. Needs no GIL.
class NativeMetric {
 public:
  virtual ~NativeMetric() = default;
  NativeMetric(const NativeMetric&) = delete;
  NativeMetric& operator=(const NativeMetric&) = delete;
  virtual Child& child(std::span<const std::string_view> values) = 0;
  virtual FamilyBase& family() noexcept = 0;
  const MetricInfo& info() noexcept { return family().info(); }
  Registry& registry() noexcept { return registry_; }

 protected:
  /// nullptr: the storage the environment or load_backend chooses.
  explicit NativeMetric(Storage* storage) : own_(storage), registry_(*storage_or_chosen()) {}

 private:
  Storage* storage_or_chosen() const;
  Storage* own_;
  Registry registry_;
};

struct Instrument {
  PyObject_HEAD Child* child;            // null: a metric with labels or before _begin(), or a child that was removed
  std::shared_ptr<NativeMetric> metric;  // null before __init__
  PyObject* values;                      // of a child: its label values, a tuple of str
  ChildTable* table;                     // of a metric with labels
  std::shared_ptr<Callable> function;    // of a gauge: what set_function was given, owned
};

inline Instrument& as_instrument(PyObject* self) noexcept { return *reinterpret_cast<Instrument*>(self); }

/// Makes `self` the metric. Without labels it gets its child by _begin().
void become(PyObject* self, std::shared_ptr<NativeMetric> metric);
/// For verbs on an object without a child: nullptr with an error for metrics that need labels or __init__; None for a
/// child that was removed, which counts nowhere.
PyObject* without_child(PyObject* self, const char* verb) noexcept;
/// The same for what reads: nullptr with an error.
PyObject* refuse_reading(PyObject* self) noexcept;
/// Lets go of a gauge's function.
void drop_function(Instrument& self) noexcept;

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

template <typename Function>
PyCFunction as_method(Function* function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}
inline constexpr int kFastCall = METH_FASTCALL | METH_KEYWORDS;

/// The type all six share: labels, remove, clear and what it is called. Borrowed; made by add_instruments.
PyTypeObject* instrument_type() noexcept;
/// Adds a type of that base to the module.
void add_instrument_type(PyObject* module, const char* name, const char* doc, PyMethodDef* methods);

// The six, each in its file.
void add_counter(PyObject* module);
void add_gauge(PyObject* module);
void add_histogram(PyObject* module);
void add_summary(PyObject* module);
void add_info(PyObject* module);
void add_enum(PyObject* module);

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

template <typename T>
class MetricOf final : public NativeMetric {
 public:
  using Make = Family<T>& (Registry::*)(const typename T::Options&, std::vector<std::string>);
  MetricOf(Make make, const typename T::Options& options, const Declaration& declaration)
      : NativeMetric(declaration.storage), family_((registry().*make)(options, declaration.label_names)) {}
  Child& child(std::span<const std::string_view> values) override { return family_.labels_of(values); }
  FamilyBase& family() noexcept override { return family_; }

 private:
  Family<T>& family_;
};

/// Makes `self` the metric that `make` makes.
template <typename T>
void open_as(PyObject* self, typename MetricOf<T>::Make make, const typename T::Options& options,
             const Declaration& declaration) {
  become(self, std::make_shared<MetricOf<T>>(make, options, declaration));
}

}  // namespace weir::python
