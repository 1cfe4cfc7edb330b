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

#include "native/arguments.h"
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

template <typename Function>
PyCFunction as_method(Function* function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}
inline constexpr int kFastCall = METH_FASTCALL | METH_KEYWORDS;

/// The type all six share: labels, remove, clear and what it is called. Borrowed; made by add_instruments.
PyTypeObject* instrument_type() noexcept;
/// A new object of that type or one that derives from it; nullptr with an error set.
PyObject* new_instrument(PyTypeObject* type) noexcept;
/// Adds a type of that base to the module.
void add_instrument_type(PyObject* module, const char* name, const char* doc, PyMethodDef* methods);

// The six, each in its file.
void add_counter(PyObject* module);
void add_gauge(PyObject* module);
void add_histogram(PyObject* module);
void add_summary(PyObject* module);
void add_info(PyObject* module);
void add_enum(PyObject* module);

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
