#include "native/instrument.h"

#include <algorithm>
#include <array>
#include <new>
#include <thread>

#include "instrument/backend_choice.h"
#include "native/backend_calls.h"
#include "native/binding.h"
#include "native/errors.h"
#include "weir/error.h"

namespace weir::python {
namespace {

namespace py = pybind11;

PyTypeObject* g_type = nullptr;  // kept for the process's life
constexpr std::size_t kMostLabels = 64;

const MetricInfo& info_of(PyObject* self) noexcept { return as_instrument(self).metric->info(); }

/// Owned exact strings of label values given as anything.
class Texts {
 public:
  explicit Texts(std::span<PyObject* const> values) {
    texts_.reserve(values.size());
    for (PyObject* const value : values) {
      // Of a subclass of str too: its __str__ says what it is, in an exact string.
      py::object text = py::reinterpret_steal<py::object>(PyObject_Str(value));
      if (text && !PyUnicode_CheckExact(text.ptr())) {
        text = py::reinterpret_steal<py::object>(PyUnicode_FromObject(text.ptr()));
      }
      if (!text) throw py::error_already_set();
      texts_.push_back(std::move(text));
      pointers_.push_back(texts_.back().ptr());
    }
  }
  std::span<PyObject* const> pointers() const noexcept { return pointers_; }

 private:
  std::vector<py::object> texts_;
  std::vector<PyObject*> pointers_;
};

std::vector<std::string_view> utf8_of(std::span<PyObject* const> texts) {
  std::vector<std::string_view> out;
  for (PyObject* const text : texts) {
    Py_ssize_t size = 0;
    const char* const data = PyUnicode_AsUTF8AndSize(text, &size);
    if (data == nullptr) throw py::error_already_set();
    out.emplace_back(data, static_cast<std::size_t>(size));
  }
  return out;
}

PyObject* new_object(PyTypeObject* type, PyObject* /*args*/, PyObject* /*kwargs*/) noexcept {
  PyObject* const self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  Instrument& made = as_instrument(self);
  new (&made.metric) std::shared_ptr<NativeMetric>();
  new (&made.function) std::shared_ptr<Callable>();
  return self;
}

// Making a child may write to a file and wait for other threads: without the GIL. The label values stay, they are owned
// strings.
Child& native_child(NativeMetric& metric, std::span<PyObject* const> texts) {
  const std::vector<std::string_view> values = utf8_of(texts);
  return *without_gil([&] { return &metric.child(values); });
}

// The object of a child, which counts nowhere yet.
py::object new_child(PyObject* parent, std::span<PyObject* const> texts) {
  auto child = py::reinterpret_steal<py::object>(new_object(Py_TYPE(parent), nullptr, nullptr));
  if (!child) throw py::error_already_set();
  py::tuple values(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) values[i] = py::reinterpret_borrow<py::object>(texts[i]);
  Instrument& made = as_instrument(child.ptr());
  made.metric = as_instrument(parent).metric;
  made.values = values.release().ptr();
  return child;
}

PyObject* find_or_make(PyObject* self, std::span<PyObject* const> values) {
  const Texts texts(values);
  const std::size_t hash = ChildTable::hash_of(texts.pointers());
  ChildTable& table = *as_instrument(self).table;
  py::object child;
  for (;;) {
    if (PyObject* const found = table.find(hash, texts.pointers())) {
      Py_INCREF(found);
      return found;
    }
    if (!child) {  // it may run Python code, so look again
      child = new_child(self, texts.pointers());
      continue;
    }
    if (table.works().is_removing(hash)) {  // what C++ finds now may go at any moment
      without_gil([] { return std::this_thread::yield(), 0; });
      continue;
    }
    const ChildWorks::Making making(table.works(), hash);
    Child& native = native_child(*as_instrument(self).metric, texts.pointers());
    // Without the GIL another thread may have made the same, or removed it.
    if (!making.is_good() || table.find(hash, texts.pointers()) != nullptr) continue;
    Instrument& made = as_instrument(child.ptr());
    table.insert(hash, made.values, child.ptr());
    made.child = &native;
    return child.release().ptr();
  }
}

PyObject* refuse_labels(PyObject* self) noexcept {
  if (!as_instrument(self).metric) return without_child(self, "labels");
  const char* const name = info_of(self).name.c_str();
  if (as_instrument(self).values != nullptr) {
    return PyErr_Format(PyExc_ValueError, "%s already has labels set; calls to labels() cannot be chained", name);
  }
  return PyErr_Format(PyExc_ValueError, "No label names were set when constructing %s", name);
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

PyObject* wrong_labels(const MetricInfo& info, const char* what) noexcept {
  return PyErr_Format(PyExc_ValueError, "%s: metric %s has the labels: %s", what, info.name.c_str(),
                      joined(info.label_names).c_str());
}

/// Keyword arguments in the order of the metric's label names. False with an error set.
bool in_order(const MetricInfo& info, PyObject* const* given, PyObject* names, std::span<PyObject*> out) noexcept {
  std::ranges::fill(out, nullptr);
  for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(names); ++k) {
    PyObject* const name = PyTuple_GET_ITEM(names, k);
    const auto is_it = [&](const std::string& own) { return PyUnicode_CompareWithASCIIString(name, own.c_str()) == 0; };
    const auto it = std::ranges::find_if(info.label_names, is_it);
    if (it == info.label_names.end()) return wrong_labels(info, "Incorrect label names") != nullptr;
    out[static_cast<std::size_t>(it - info.label_names.begin())] = given[k];
  }
  return true;
}

PyObject* labels(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) noexcept {
  const ChildTable* const table = as_instrument(self).table;
  if (table == nullptr) [[unlikely]]
    return refuse_labels(self);
  const Py_ssize_t named = names != nullptr ? PyTuple_GET_SIZE(names) : 0;
  if (named != 0 && count != 0) {
    PyErr_SetString(PyExc_ValueError, "Can't pass both *args and **kwargs");
    return nullptr;
  }
  const std::size_t wanted = table->width();
  if (static_cast<std::size_t>(count + named) != wanted) {
    return wrong_labels(info_of(self), named != 0 ? "Incorrect label names" : "Incorrect label count");
  }
  std::array<PyObject*, kMostLabels> ordered;
  std::span<PyObject* const> values{args, wanted};
  if (named != 0) {
    if (!in_order(info_of(self), args, names, {ordered.data(), wanted})) return nullptr;
    values = {ordered.data(), wanted};
  }
  bool exact = true;
  for (PyObject* const value : values) exact = exact && PyUnicode_CheckExact(value);
  if (exact) [[likely]] {
    if (PyObject* const found = table->find(ChildTable::hash_of(values), values)) {
      Py_INCREF(found);
      return found;
    }
  }
  return guarded([&] { return find_or_make(self, values); });
}

// The object stays good and counts nowhere from here on. Gives its function, to be let go of when nothing else is under
// way: its end may run Python code.
py::object detach(PyObject* child) noexcept {
  Instrument& me = as_instrument(child);
  me.child = nullptr;
  py::object function;
  if (me.function) function = py::reinterpret_steal<py::object>(std::exchange(me.function->object, nullptr));
  me.function.reset();
  return function;
}

PyObject* remove(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept {
  if (as_instrument(self).table == nullptr) return refuse_labels(self);
  if (static_cast<std::size_t>(count) != as_instrument(self).table->width()) {
    return wrong_labels(info_of(self), "Incorrect label count");
  }
  return guarded([&]() -> PyObject* {
    const Texts texts({args, static_cast<std::size_t>(count)});
    Instrument& metric = as_instrument(self);
    const std::size_t hash = ChildTable::hash_of(texts.pointers());
    const auto taken = py::reinterpret_steal<py::object>(metric.table->take(hash, texts.pointers()));
    if (taken) {
      const py::object function = detach(taken.ptr());
      const ChildWorks::Removal removal(metric.table->works(), hash);
      const std::vector<std::string_view> gone = utf8_of(texts.pointers());
      const std::shared_ptr<NativeMetric> owner = metric.metric;
      free_after_calls(owner, {without_gil([&] { return owner->family().take(gone); })});
    }
    Py_RETURN_NONE;
  });
}

py::list children_of(const Instrument& metric) {
  py::list all;
  if (metric.table == nullptr) return all;
  for (const ChildTable::Entry& entry : metric.table->entries()) {
    if (entry.child != nullptr) all.append(py::reinterpret_borrow<py::object>(entry.child));
  }
  return all;
}

PyObject* clear(PyObject* self, PyObject* /*none*/) noexcept {
  Instrument& metric = as_instrument(self);
  if (metric.table == nullptr) Py_RETURN_NONE;  // as the stock client: nothing to clear without labels
  return guarded([&]() -> PyObject* {
    while (metric.table->works().is_removing_any()) without_gil([] { return std::this_thread::yield(), 0; });
    std::vector<py::object> all;        // before the removal, so that they go after it: their end may run Python code,
    std::vector<py::object> functions;  // which may come back here
    const ChildWorks::Removal removal(metric.table->works(), std::nullopt);
    for (const ChildTable::Entry& entry : metric.table->entries()) {
      if (entry.child != nullptr) all.push_back(py::reinterpret_borrow<py::object>(entry.child));
    }
    metric.table->clear();
    for (const py::object& child : all) functions.push_back(detach(child.ptr()));
    const std::shared_ptr<NativeMetric> owner = metric.metric;
    free_after_calls(owner, without_gil([&] { return owner->family().take_all(); }));
    Py_RETURN_NONE;
  });
}

// A metric without labels becomes its own child: only then it stands in files.
PyObject* begin(PyObject* self, PyObject* /*none*/) noexcept {
  if (!as_instrument(self).metric) return without_child(self, "_begin");
  if (as_instrument(self).table != nullptr || as_instrument(self).values != nullptr) Py_RETURN_NONE;
  return guarded([&]() -> PyObject* {
    Child& native = native_child(*as_instrument(self).metric, {});
    as_instrument(self).child = &native;
    Py_RETURN_NONE;
  });
}

PyObject* children(PyObject* self, PyObject* /*none*/) noexcept {
  return guarded([&] { return children_of(as_instrument(self)).release().ptr(); });
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
    const MetricInfo& info = info_of(self);
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
    {"labels", as_method(labels), kFastCall, "labels(*values, **named): the child with these label values."},
    {"remove", as_method(remove), METH_FASTCALL,
     "remove(*values): forgets a child; in files its values stay. A call of its backend that is under way ends as "
     "usual."},
    {"clear", clear, METH_NOARGS, "Forgets all children."},
    {"backend_name", backend_name, METH_NOARGS, "Where its values live: `MultiProcessFileBackend`, …"},
    {"_begin", begin, METH_NOARGS, "After _open: a metric without labels counts from here on."},
    {"_children", children, METH_NOARGS, "The children there are."},
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

std::string text(const py::handle& object) { return object.is_none() ? std::string() : std::string(py::str(object)); }

}  // namespace

Storage* NativeMetric::storage_or_chosen() const {
  return own_ != nullptr ? own_ : without_gil([] { return &chosen_storage(); });  // it may ask a Redis
}

PyTypeObject* instrument_type() noexcept { return g_type; }

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

Labels labels_from(PyObject* dict) {
  Labels out;
  if (dict == nullptr || dict == Py_None) return out;
  if (!PyMapping_Check(dict) || PyUnicode_Check(dict)) {
    throw py::type_error("labels must be a dict of texts, not " + std::string(Py_TYPE(dict)->tp_name));
  }
  const auto items = py::reinterpret_steal<py::object>(PyMapping_Items(dict));
  if (!items) throw py::error_already_set();
  for (const py::handle item : items) out.emplace_back(text(item[py::int_(0)]), text(item[py::int_(1)]));
  return out;
}

bool arguments(const char* verb, PyObject* const* args, Py_ssize_t count, PyObject* keywords,
               std::span<const char* const> names, std::span<PyObject*> out) noexcept {
  std::ranges::fill(out, nullptr);
  if (static_cast<std::size_t>(count) > names.size()) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most %zu arguments (%zd given)", verb, names.size(), count);
    return false;
  }
  for (Py_ssize_t i = 0; i < count; ++i) out[static_cast<std::size_t>(i)] = args[i];
  for (Py_ssize_t k = 0; keywords != nullptr && k < PyTuple_GET_SIZE(keywords); ++k) {
    PyObject* const keyword = PyTuple_GET_ITEM(keywords, k);
    const auto it = std::ranges::find_if(
        names, [&](const char* name) { return PyUnicode_CompareWithASCIIString(keyword, name) == 0; });
    const auto i = static_cast<std::size_t>(it - names.begin());
    if (i == names.size() || out[i] != nullptr) {
      PyErr_Format(PyExc_TypeError, "%s() got %s argument %R", verb,
                   i == names.size() ? "an unexpected keyword" : "multiple values for", keyword);
      return false;
    }
    out[i] = args[count + k];
  }
  return true;
}

Declaration::Declaration(PyObject* arguments) {
  const auto all = py::reinterpret_borrow<py::tuple>(arguments);
  if (all.size() != 8) throw py::type_error("_open takes 8 arguments");
  name = text(all[0]);
  help = text(all[1]);
  for (const py::handle label : all[2]) label_names.push_back(text(label));
  name_space = text(all[3]);
  subsystem = text(all[4]);
  unit = text(all[5]);
  if (!all[6].is_none()) storage = &all[6].cast<Storage&>();
  extra = py::object(all[7]).ptr();
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
