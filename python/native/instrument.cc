#include "native/instrument.h"

#include <new>

#include "instrument/backend_choice.h"
#include "native/binding.h"
#include "native/children.h"
#include "native/errors.h"
#include "weir/error.h"

namespace weir::python {
namespace {

namespace py = pybind11;

PyTypeObject* g_type = nullptr;  // kept for the process's life

PyObject* new_object(PyTypeObject* type, PyObject* /*args*/, PyObject* /*kwargs*/) noexcept {
  return new_instrument(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(self));
  const Instrument& me = as_instrument(self);
  Py_VISIT(me.values);
  if (me.function) Py_VISIT(me.function->object);
  if (me.table != nullptr) {
    for (const ChildTable::Entry& entry : me.table->entries()) Py_VISIT(entry.child);
  }
  return 0;
}

// A child's label values stay: they are strings, and the table compares with them.
int clear_references(PyObject* self) noexcept {
  drop_function(as_instrument(self));
  if (ChildTable* const table = as_instrument(self).table) table->clear();
  return 0;
}

void deallocate(PyObject* self) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Instrument& me = as_instrument(self);
  clear_references(self);
  delete me.table;
  Py_CLEAR(me.values);
  me.metric.~shared_ptr();
  me.function.~shared_ptr();
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* description(PyObject* self, PyObject* /*none*/) noexcept {
  if (!as_instrument(self).metric) return without_child(self, "_description");
  return guarded([&]() -> PyObject* {
    const MetricInfo& info = as_instrument(self).metric->info();
    const PyObject* const values = as_instrument(self).values;
    const py::object own =
        values == nullptr ? py::object(py::tuple()) : py::reinterpret_borrow<py::object>(const_cast<PyObject*>(values));
    return py::make_tuple(info.name, info.help, std::string(to_string(info.type)), info.unit,
                          py::tuple(py::cast(info.label_names)), own)
        .release()
        .ptr();
  });
}

PyObject* represent(PyObject* self) noexcept {
  const char* const type = Py_TYPE(self)->tp_name;
  if (!as_instrument(self).metric) return PyUnicode_FromFormat("<%s before __init__>", type);
  const Instrument& me = as_instrument(self);
  const char* const name = me.metric->info().name.c_str();
  if (me.values == nullptr) return PyUnicode_FromFormat("%s(%s)", type, name);
  return PyUnicode_FromFormat("%s(%s, %R)", type, name, me.values);
}

PyObject* backend_name(PyObject* self, PyObject* /*none*/) noexcept {
  const Child* const child = as_instrument(self).child;
  if (child == nullptr) return refuse_reading(self);
  const std::string_view name = child->backend_name();
  return PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
}

PyMethodDef methods[] = {
    {"labels", as_method(instrument_labels), kFastCall, "labels(*values, **named): the child with these label values."},
    {"remove", as_method(remove_child), METH_FASTCALL,
     "remove(*values): forgets a child; in files its values stay. A call of its backend that is under way ends as "
     "usual."},
    {"clear", clear_children, METH_NOARGS, "Forgets all children."},
    {"backend_name", backend_name, METH_NOARGS, "Where its values live: `MultiProcessFileBackend`, …"},
    {"_begin", begin_counting, METH_NOARGS, "After _open: a metric without labels counts from here on."},
    {"_children", list_children, METH_NOARGS, "The children there are."},
    {"_description", description, METH_NOARGS, "(name, documentation, type, unit, labelnames, labelvalues)"},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(new_object)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear_references)},
                       {Py_tp_repr, reinterpret_cast<void*>(represent)},
                       {Py_tp_methods, methods},
                       {Py_tp_doc, const_cast<char*>("What all instruments have in common.")},
                       {0, nullptr}};
PyType_Spec spec = {"weir._weir.Instrument", sizeof(Instrument), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};

}  // namespace

Storage* NativeMetric::storage_or_chosen() const {
  return own_ != nullptr ? own_ : without_gil([] { return &chosen_storage(); });  // it may ask a Redis
}

PyTypeObject* instrument_type() noexcept { return g_type; }

PyObject* new_instrument(PyTypeObject* type) noexcept {
  PyObject* const self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  Instrument& made = as_instrument(self);
  new (&made.metric) std::shared_ptr<NativeMetric>();
  new (&made.function) std::shared_ptr<Callable>();
  return self;
}

void become(PyObject* self, std::shared_ptr<NativeMetric> metric) {
  Instrument& me = as_instrument(self);
  if (me.metric) throw py::type_error("__init__ of a metric that was made already");
  const std::vector<std::string>& names = metric->info().label_names;
  if (names.size() > kMostLabels) {
    throw ValueError("metric " + metric->info().name + ": " + std::to_string(names.size()) +
                     " labels; at most 64 are possible from Python");
  }
  if (!names.empty()) me.table = new ChildTable(names.size());
  me.metric = std::move(metric);
}

PyObject* without_child(PyObject* self, const char* verb) noexcept {
  const Instrument& me = as_instrument(self);
  if (!me.metric) return PyErr_Format(PyExc_RuntimeError, "%s(): __init__ has not been called", verb);
  if (me.table == nullptr) Py_RETURN_NONE;
  const MetricInfo& info = me.metric->info();
  return PyErr_Format(PyExc_ValueError,
                      "%s(): %s metric %s is missing label values; call labels() first (its labels: %s)", verb,
                      std::string(to_string(info.type)).c_str(), info.name.c_str(), joined(info.label_names).c_str());
}

PyObject* refuse_reading(PyObject* self) noexcept {
  PyObject* const none = without_child(self, "get");
  if (none == nullptr) return nullptr;
  Py_DECREF(none);
  return PyErr_Format(PyExc_ValueError, "%s: this child was removed", as_instrument(self).metric->info().name.c_str());
}

void drop_function(Instrument& self) noexcept {
  if (!self.function) return;
  PyObject* const object = std::exchange(self.function->object, nullptr);
  self.function.reset();
  Py_XDECREF(object);
}

void add_instrument_type(PyObject* module, const char* name, const char* doc, PyMethodDef* methods) {
  PyType_Slot own[] = {{Py_tp_methods, methods}, {Py_tp_doc, const_cast<char*>(doc)}, {0, nullptr}};
  PyType_Spec type_spec = {name, sizeof(Instrument), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, own};
  const auto bases = py::make_tuple(py::handle(reinterpret_cast<PyObject*>(g_type)));
  auto type = py::reinterpret_steal<py::object>(PyType_FromSpecWithBases(&type_spec, bases.ptr()));
  if (!type) throw py::error_already_set();
  const char* const short_name = std::string_view(name).rfind('.') + 1 + name;
  if (PyObject_SetAttrString(module, short_name, type.ptr()) != 0) throw py::error_already_set();
}

void add_instruments(py::module_& module) {
  g_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (g_type == nullptr) throw py::error_already_set();
  module.add_object("Instrument", reinterpret_cast<PyObject*>(g_type));
  for (const auto add : {add_counter, add_gauge, add_histogram, add_summary, add_info, add_enum}) add(module.ptr());
}

}  // namespace weir::python
