#include "native/children.h"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "native/backend_calls.h"
#include "native/errors.h"
#include "native/instrument.h"

namespace weir::python {
namespace {

namespace py = pybind11;

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

// Making a child may write to a file and wait for other threads: without the GIL. The label values stay, they are owned
// strings.
Child& native_child(NativeMetric& metric, std::span<PyObject* const> texts) {
  const std::vector<std::string_view> values = utf8_of(texts);
  return *without_gil([&] { return &metric.child(values); });
}

// The object of a child, which counts nowhere yet.
py::object new_child(PyObject* parent, std::span<PyObject* const> texts) {
  auto child = py::reinterpret_steal<py::object>(new_instrument(Py_TYPE(parent)));
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

py::list children_of(const Instrument& metric) {
  py::list all;
  if (metric.table == nullptr) return all;
  for (const ChildTable::Entry& entry : metric.table->entries()) {
    if (entry.child != nullptr) all.append(py::reinterpret_borrow<py::object>(entry.child));
  }
  return all;
}

}  // namespace

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

PyObject* instrument_labels(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) noexcept {
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

PyObject* remove_child(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept {
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

PyObject* clear_children(PyObject* self, PyObject* /*none*/) noexcept {
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
    functions.reserve(all.size());
    for (const py::object& child : all) functions.push_back(detach(child.ptr()));
    const std::shared_ptr<NativeMetric> owner = metric.metric;
    free_after_calls(owner, without_gil([&] { return owner->family().take_all(); }));
    Py_RETURN_NONE;
  });
}

// A metric without labels becomes its own child: only then it stands in files.
PyObject* begin_counting(PyObject* self, PyObject* /*none*/) noexcept {
  if (!as_instrument(self).metric) return without_child(self, "_begin");
  if (as_instrument(self).table != nullptr || as_instrument(self).values != nullptr) Py_RETURN_NONE;
  return guarded([&]() -> PyObject* {
    Child& native = native_child(*as_instrument(self).metric, {});
    as_instrument(self).child = &native;
    Py_RETURN_NONE;
  });
}

PyObject* list_children(PyObject* self, PyObject* /*none*/) noexcept {
  return guarded([&] { return children_of(as_instrument(self)).release().ptr(); });
}

}  // namespace weir::python
