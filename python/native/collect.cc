// Sources for Python: registries, directories, collectors; what they hold, and their exposition.
#include <filesystem>

#include "native/binding.h"
#include "native/collector_source.h"
#include "native/directory_source.h"
#include "native/gil.h"
#include "native/instrument.h"
#include "native/source_registry.h"
#include "weir/exposition.h"
#include "weir/multiprocess.h"

namespace weir::python {
namespace {

namespace py = pybind11;

py::dict dict_of(const Labels& labels) {
  py::dict out;
  for (const auto& [name, value] : labels) out[py::str(name)] = py::str(value);
  return out;
}

py::object exemplar_of(const Sample& sample) {
  if (!sample.exemplar) return py::none();
  const Exemplar& e = *sample.exemplar;
  return py::make_tuple(dict_of(e.labels), e.value,
                        e.timestamp != 0 ? py::object(py::float_(e.timestamp)) : py::none());
}

py::object timestamp_of(const Sample& sample) {
  return sample.timestamp ? py::object(py::float_(*sample.timestamp)) : py::none();
}

/// (name, documentation, type, unit, [(sample name, labels, value, timestamp, exemplar), …])
py::tuple tuple_of(const MetricFamily& family) {
  py::list samples;
  for (const Sample& sample : family.samples) {
    samples.append(
        py::make_tuple(sample.name, dict_of(sample.labels), sample.value, timestamp_of(sample), exemplar_of(sample)));
  }
  return py::make_tuple(family.head.name, family.head.help, std::string(to_string(family.head.type)), family.head.unit,
                        samples);
}

py::list list_of(const std::vector<MetricFamily>& all) {
  py::list out;
  for (const MetricFamily& family : all) out.append(tuple_of(family));
  return out;
}

py::list list_of(const std::vector<Problem>& problems) {
  py::list out;
  for (const Problem& problem : problems) out.append(py::make_tuple(problem.reason, message_with_subject(problem)));
  return out;
}

py::tuple collect(Source& source) {
  struct Read {
    std::shared_ptr<const Collection> collection;
    std::vector<MetricFamily> all;
  };
  const Read read = without_gil([&] {
    auto collection = source.collect();
    auto all = families(collection->snapshot);
    return Read{std::move(collection), std::move(all)};
  });
  return py::make_tuple(list_of(read.all), list_of(read.collection->problems));
}

py::tuple scrape(Source& source, const std::string& accept, const std::string& accept_encoding,
                 const std::vector<std::string>& names) {
  struct Answer {
    std::string body, type;
    bool gzipped;
    std::vector<Problem> problems;
  };
  const Answer answer = without_gil([&] {
    const Format format = negotiate(accept);
    const auto collection = source.collect();
    Answer made{expose(*collection, format, names), content_type(format), accepts_gzip(accept_encoding),
                collection->problems};
    if (made.gzipped) made.body = gzip(made.body);
    return made;
  });
  return py::make_tuple(py::bytes(answer.body), answer.type, answer.gzipped ? "gzip" : "", list_of(answer.problems));
}

std::shared_ptr<Source> source_of_metric(const py::object& instrument) {
  if (PyObject_TypeCheck(instrument.ptr(), instrument_type()) == 0 || !as_instrument(instrument.ptr()).metric) {
    throw py::type_error("add_metric() needs one of Weir's metrics, after its __init__");
  }
  const std::shared_ptr<NativeMetric>& metric = as_instrument(instrument.ptr()).metric;
  return {metric, &metric->registry()};
}

}  // namespace

void add_collect(py::module_& module) {
  py::class_<Source, std::shared_ptr<Source>>(module, "Source", "Anything that can be scraped.")
      .def("describe", &Source::describe, "What is being read, for people.")
      .def("collect", &collect,
           "([(name, documentation, type, unit, [(sample, labels, value, timestamp or None, exemplar or None)])], "
           "[(reason, message)]): every value read anew, and what could not be read.")
      .def("scrape", &scrape, py::arg("accept") = "", py::arg("accept_encoding") = "",
           py::arg("names") = std::vector<std::string>{},
           "(body, Content-Type, Content-Encoding or '', [(reason, message)]) for these request headers and name[].");
  py::class_<DirectorySource, Source, std::shared_ptr<DirectorySource>>(module, "DirectorySource",
                                                                        "A multiprocess directory.")
      .def(py::init<const std::string&>(), py::arg("directory") = "")
      .def_property_readonly("directory", &DirectorySource::directory);
  py::class_<SourceRegistry, Source, std::shared_ptr<SourceRegistry>>(module, "SourceRegistry",
                                                                      "Several sources as one, in order.")
      .def(py::init<>())
      .def(
          "add_metric",
          [](SourceRegistry& self, const py::object& metric) { return self.add(source_of_metric(metric), false); },
          py::arg("metric"), "A handle for remove().")
      .def(
          "add_source",
          [](SourceRegistry& self, std::shared_ptr<Source> source) { return self.add(std::move(source), true); },
          py::arg("source"))
      .def(
          "add_collector",
          [](SourceRegistry& self, const py::function& collect) {
            return self.add(collector_source(collect.ptr()), false);
          },
          py::arg("collect"))
      .def("remove", &SourceRegistry::remove, py::arg("handle"));
  module.def("metric_source", &source_of_metric, py::arg("metric"), "One metric as a source.");
  module.def(
      "content_type", [](const std::string& accept) { return content_type(negotiate(accept)); }, py::arg("accept"),
      "The Content-Type of the answer to that Accept header.");
  module.def(
      "collector_source", [](const py::function& collect) { return collector_source(collect.ptr()); },
      py::arg("collect"), "What a Python callable gives, as a source.");
  module.def(
      "merge",
      [](const std::vector<std::string>& files, bool accumulate) {
        const std::vector<std::filesystem::path> paths(files.begin(), files.end());
        std::vector<Problem> problems;
        const auto merged = without_gil([&] { return weir::merge(paths, accumulate, &problems); });
        return py::make_tuple(list_of(merged), list_of(problems));
      },
      py::arg("files"), py::arg("accumulate") = true,
      "These files' families and what was skipped, as Source.collect().");
  module.def(
      "mark_process_dead",
      [](const std::string& identity, const std::string& directory) { mark_process_dead(identity, directory); },
      py::arg("identity"), py::arg("directory") = "", py::call_guard<py::gil_scoped_release>(),
      "Removes the live gauges' files of a process that has ended.");
}

}  // namespace weir::python
