#include "native/collector_source.h"

#include <algorithm>
#include <vector>

#include "native/arguments.h"
#include "native/binding.h"
#include "native/gil.h"
#include "native/instrument.h"

namespace weir::python {
namespace {

namespace py = pybind11;

std::string text_of(const py::handle& object, const char* attribute) {
  return text(py::getattr(object, attribute, py::none()));
}

/// What our expositions know: an untyped or gauge histogram metric is of type unknown there.
MetricType type_of(const py::handle& metric) {
  return metric_type_from(text_of(metric, "type")).value_or(MetricType::unknown);
}

std::optional<Exemplar> exemplar_of(const py::handle& sample) {
  const py::object given = py::getattr(sample, "exemplar", py::none());
  if (given.is_none()) return std::nullopt;
  Exemplar exemplar;
  exemplar.labels = labels_from(given.attr("labels").ptr());
  exemplar.value = given.attr("value").cast<double>();
  const py::object timestamp = py::getattr(given, "timestamp", py::none());
  if (!timestamp.is_none()) exemplar.timestamp = py::float_(timestamp);
  return exemplar;
}

/// None where the value is of now. prometheus_client's Timestamp has seconds and nanoseconds, and is a float in all.
std::optional<double> timestamp_of(const py::handle& sample) {
  const py::object given = py::getattr(sample, "timestamp", py::none());
  if (given.is_none()) return std::nullopt;
  return py::float_(given);
}

MetricFamily family_from(const py::handle& metric) {
  MetricFamily family;
  family.head = {text_of(metric, "name"), type_of(metric), text_of(metric, "documentation"), text_of(metric, "unit")};
  const std::string created = family.head.name + "_created";
  for (const py::handle given : metric.attr("samples")) {
    Sample sample;
    sample.name = text_of(given, "name");
    if (sample.name == created) continue;  // Weir shows none (docs/decisions/0005)
    sample.labels = labels_from(py::object(given.attr("labels")).ptr());
    std::ranges::sort(sample.labels);
    sample.value = py::float_(given.attr("value"));
    sample.exemplar = exemplar_of(given);
    sample.timestamp = timestamp_of(given);
    family.samples.push_back(std::move(sample));
  }
  return family;
}

class CollectorSource final : public Source {
 public:
  explicit CollectorSource(PyObject* collect) : collect_(collect) { Py_INCREF(collect_); }
  // After the interpreter's end there is nothing to give back.
  ~CollectorSource() override {
    if (Py_IsInitialized() == 0) return;
    const GilHold gil;
    Py_DECREF(collect_);
  }
  CollectorSource(const CollectorSource&) = delete;
  CollectorSource& operator=(const CollectorSource&) = delete;

  std::shared_ptr<const Collection> collect() override {
    auto collection = std::make_shared<Collection>();
    std::vector<MetricFamily> families;
    {
      const GilHold gil;
      try {
        const auto metrics = py::reinterpret_steal<py::object>(unless_ending([&] { return all_metrics(); }));
        if (!metrics) throw py::error_already_set();
        for (const py::handle metric : metrics) families.push_back(family_from(metric));
      } catch (const std::exception& error) {  // Python's errors too
        const std::string name = text_of(py::handle(collect_), "__qualname__");
        collection->problems.push_back({"collector_failed", name, "collector " + name + " raised " + error.what()});
      }
    }
    collection->snapshot = snapshot_of(families);
    return collection;
  }
  std::string describe() const override { return "Python collector"; }

 private:
  // As a list: all the collector's own code runs in here, a generator's too.
  PyObject* all_metrics() const {
    PyObject* const given = PyObject_CallNoArgs(collect_);
    if (given == nullptr) return nullptr;
    PyObject* const list = PySequence_List(given);
    Py_DECREF(given);
    return list;
  }

  PyObject* const collect_;
};

}  // namespace

std::shared_ptr<Source> collector_source(PyObject* collect) { return std::make_shared<CollectorSource>(collect); }

}  // namespace weir::python
