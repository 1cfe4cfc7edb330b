// weir._weir.PrometheusReader: a directory or a Redis, read for prometheus_client's MultiProcessCollector and
// generate_latest: as text, or as plain tuples that become its Metric and Sample objects.
//
// Thread safety: every member from several threads; reading releases the GIL. Process safety: a forked child makes a
// new one.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/binding.h"
#include "weir/exposition.h"
#include "weir/multiprocess.h"
#include "weir/snapshot.h"
#include "weir/storage.h"
#if WEIR_WITH_REDIS
#include "weir/redis_collector.h"
#include "weir/redis_storage.h"
#endif

namespace weir::python {
namespace {

namespace py = pybind11;

struct Reader {
  std::unique_ptr<Source> source;
};

Reader directory_reader(const std::string& directory) { return {std::make_unique<MultiProcessCollector>(directory)}; }

/// Of what `storage` ships to; its own connection, so that scrapes and shipping do not wait for each other.
Reader redis_reader(Storage& storage) {
#if WEIR_WITH_REDIS
  if (const auto* const redis = dynamic_cast<const RedisStorageBase*>(&storage)) {
    const RedisSettings& settings = redis->settings();
    const bool is_shared = settings.layout == RedisLayout::shared;
    return {std::make_unique<RedisMultiProcessCollector>(
        make_redis_client(settings.client),
        RedisCollectorOptions{.key_prefix = settings.key_prefix,
                              .layout = is_shared ? RedisReadLayout::shared : RedisReadLayout::per_process})};
  }
#endif
  throw py::type_error("PrometheusReader: " + storage.describe() + " is no Redis");
}

NameEscaping escaping_from(const std::string& name) {
  if (name == "allow-utf-8") return NameEscaping::allow_utf8;
  if (name == "underscores") return NameEscaping::underscores;
  if (name == "dots") return NameEscaping::dots;
  if (name == "values") return NameEscaping::values;
  throw py::value_error("escaping='" + name + "': must be 'allow-utf-8', 'underscores', 'dots' or 'values'");
}

py::list tuples_of(const std::vector<Problem>& problems) {
  py::list out;
  for (const Problem& problem : problems) out.append(py::make_tuple(problem.reason, message_with_subject(problem)));
  return out;
}

/// (body, series, problems)
py::tuple expose_source(Reader& self, bool openmetrics, const std::string& escaping) {
  const Format format{.text = openmetrics ? TextFormat::openmetrics_1_0_0 : TextFormat::text_0_0_4,
                      .escaping = escaping_from(escaping)};
  std::string body;
  std::shared_ptr<const Collection> collection;
  {
    const py::gil_scoped_release released;
    collection = self.source->collect();
    body = expose(*collection, format);
  }
  return py::make_tuple(py::bytes(body), collection->snapshot.values.size(), tuples_of(collection->problems));
}

py::object exemplar_tuple(const std::optional<Exemplar>& exemplar) {
  if (!exemplar) return py::none();
  py::dict labels;
  for (const auto& [name, value] : exemplar->labels) labels[py::str(name)] = py::str(value);
  return py::make_tuple(labels, exemplar->value,
                        exemplar->timestamp != 0 ? py::object(py::float_(exemplar->timestamp)) : py::none());
}

/// [(name, type, help, unit, [(sample name, {label: value}, value, exemplar or None)])]
py::list tuples_of(const std::vector<MetricFamily>& families) {
  py::list out;
  for (const MetricFamily& family : families) {
    py::list samples;
    for (const Sample& sample : family.samples) {
      py::dict labels;
      for (const auto& [name, value] : sample.labels) labels[py::str(name)] = py::str(value);
      samples.append(py::make_tuple(sample.name, labels, sample.value, exemplar_tuple(sample.exemplar)));
    }
    out.append(py::make_tuple(family.head.name, std::string(to_string(family.head.type)), family.head.help,
                              family.head.unit, samples));
  }
  return out;
}

py::tuple families_of_source(Reader& self) {
  std::shared_ptr<const Collection> collection;
  std::vector<MetricFamily> all;
  {
    const py::gil_scoped_release released;
    collection = self.source->collect();
    all = families(collection->snapshot);
  }
  return py::make_tuple(tuples_of(all), tuples_of(collection->problems));
}

py::tuple merge_files(const std::vector<std::string>& files, bool accumulate) {
  std::vector<Problem> problems;
  std::vector<MetricFamily> all;
  {
    const py::gil_scoped_release released;
    const std::vector<std::filesystem::path> paths(files.begin(), files.end());
    all = merge(paths, accumulate, &problems);
  }
  return py::make_tuple(tuples_of(all), tuples_of(problems));
}

}  // namespace

void add_prometheus_reader(py::module_& module) {
  py::class_<Reader>(module, "PrometheusReader", "A directory or a Redis, as prometheus_client's readers need it.")
      .def_static("of_directory", &directory_reader, py::arg("directory"))
      .def_static("of_redis", &redis_reader, py::arg("storage"), "Of what this Redis storage ships to.")
      .def("describe", [](const Reader& self) { return self.source->describe(); })
      .def("expose", &expose_source, py::arg("openmetrics"), py::arg("escaping"),
           "(body, number of series, [(reason, message)]): the problems of what was left out.")
      .def(
          "families", &families_of_source,
          "([(name, type, help, unit, [(sample name, labels, value, exemplar)])], [(reason, message)]); an exemplar is "
          "(labels, value, timestamp or None), or None.")
      .def_static("merge_files", &merge_files, py::arg("files"), py::arg("accumulate"),
                  "The families of exactly these files, as families() gives them.");
  module.def(
      "mark_process_dead",
      [](const std::string& identity, const std::string& directory) { mark_process_dead(identity, directory); },
      py::arg("identity"), py::arg("directory") = "", py::call_guard<py::gil_scoped_release>(),
      "Removes the live* gauge files of a process that has ended.");
}

}  // namespace weir::python
