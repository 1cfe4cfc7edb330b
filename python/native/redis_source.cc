// weir._weir.RedisSource: what many processes keep in one Redis, for Python.
#include "native/redis_source.h"

#include <unistd.h>

#include <utility>

#include "native/binding.h"
#include "native/redis_client.h"
#include "weir/error.h"

namespace weir::python {
namespace {

namespace py = pybind11;

RedisReadLayout read_layout_from(const std::string& name) {
  if (name == "automatic") return RedisReadLayout::automatic;
  if (name == "per-process") return RedisReadLayout::per_process;
  if (name == "shared") return RedisReadLayout::shared;
  throw ConfigError("layout='" + name + "': must be 'automatic', 'per-process' or 'shared'");
}

/// merge_from_redis as a source, which Python's side of Source knows how to show.
class MergedRedis final : public Source {
 public:
  MergedRedis(std::shared_ptr<RedisClient> client, std::string key_prefix, bool accumulate)
      : client_(std::move(client)), key_prefix_(std::move(key_prefix)), accumulate_(accumulate) {}
  std::shared_ptr<const Collection> collect() override {
    Collection read;
    read.snapshot = snapshot_of(merge_from_redis(*client_, key_prefix_, accumulate_, &read.problems));
    return std::make_shared<const Collection>(std::move(read));
  }
  std::string describe() const override { return client_->describe(); }

 private:
  const std::shared_ptr<RedisClient> client_;
  const std::string key_prefix_;
  const bool accumulate_;
};

py::dict reading_statistics(RedisSource& self) {
  const RedisMultiProcessCollector::Statistics now = self.statistics();
  py::dict out;
  out["writers_live"] = now.writers_live;
  out["writers_dead"] = now.writers_dead;
  out["writers_foreign"] = now.writers_foreign;
  out["values"] = now.values;
  out["series"] = now.series;
  out["commands"] = now.commands;
  out["seconds"] = now.seconds;
  out["collections"] = now.collections;
  return out;
}

}  // namespace

struct RedisSource::OfProcess {
  OfProcess(const std::shared_ptr<RedisClient>& client, const RedisCollectorOptions& options)
      : pid(::getpid()), collector(client, options) {}
  const pid_t pid;
  RedisMultiProcessCollector collector;
};

RedisSource::RedisSource(std::shared_ptr<RedisClient> client, RedisCollectorOptions options)
    : client_(std::move(client)),
      options_(std::move(options)),
      current_(new OfProcess(client_, options_)),
      described_(current_.load(std::memory_order_relaxed)->collector.describe()) {}

RedisSource::~RedisSource() {
  OfProcess* const last = current_.load(std::memory_order_acquire);
  if (last->pid == ::getpid()) delete last;
}

RedisMultiProcessCollector& RedisSource::of_this_process() {
  OfProcess* current = current_.load(std::memory_order_acquire);  // pairs with the exchange below
  if (current->pid == ::getpid()) return current->collector;
  auto fresh = std::make_unique<OfProcess>(client_, options_);
  if (current_.compare_exchange_strong(current, fresh.get(), std::memory_order_acq_rel)) {
    return fresh.release()->collector;
  }
  return current->collector;  // another thread of this process was first
}

void add_redis_source(py::module_& module) {
  py::class_<RedisSource, Source, std::shared_ptr<RedisSource>>(module, "RedisSource",
                                                                "What many processes keep in one Redis.")
      .def(py::init([](const std::shared_ptr<RedisConnection>& client, const std::string& key_prefix,
                       const std::string& layout) {
             return std::make_shared<RedisSource>(
                 client != nullptr ? client->client : nullptr,
                 RedisCollectorOptions{.key_prefix = key_prefix, .layout = read_layout_from(layout)});
           }),
           py::arg("redis_client") = py::none(), py::arg("key_prefix") = "", py::arg("layout") = "automatic",
           "Without a client: PROMETHEUS_REDIS_URL, then localhost:6379/0. Without a prefix: REDIS_KEY_PREFIX, then "
           "gunicorn.")
      .def("statistics", &reading_statistics, "What the last collection met, as a dict.");
  py::class_<MergedRedis, Source, std::shared_ptr<MergedRedis>>(module, "MergedRedis",
                                                                "What a Redis holds now; buckets as asked for.")
      .def(py::init([](const RedisConnection& client, const std::string& key_prefix, bool accumulate) {
             return std::make_shared<MergedRedis>(client.client, key_prefix, accumulate);
           }),
           py::arg("redis_client"), py::arg("key_prefix") = "", py::arg("accumulate") = true);
}

}  // namespace weir::python
