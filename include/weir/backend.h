// The Backend protocol: one object holds one value of a metric. Write your own in about 15 lines.
//
//   class MyBackend : public weir::Backend {
//    public:
//     MyBackend(const weir::BackendConfig&, const weir::BackendMetric&, std::optional<std::string> bucket);
//     void inc(double amount) override; ...
//   };
//   weir::register_backend<MyBackend>("MyBackend");
//   weir::load_backend("MyBackend", {{"path", "metrics.sqlite"}});        // before the first metric
//
// Counters call `inc`; gauges `inc`, `dec`, `set`; each bucket of a histogram is its own value and gets `inc(1)`, its
// sum `inc(observation)`; likewise the count and sum of a summary. Built-in storages do not go through these virtual
// calls.
//
// Thread safety: a Backend's members are called from several threads at once and must see to their own locking. The
// functions below may be called from any thread. Process safety: what a user's own backend does across fork is its own
// affair.
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

/// Settings for a backend, as the JSON configuration file holds them: numbers and booleans arrive spelled as in the
/// file.
using BackendConfig = std::map<std::string, std::string, std::less<>>;

/// The metric a value belongs to.
struct BackendMetric {
  std::string name;         ///< the family: `requests`
  std::string sample_name;  ///< the sample: `requests_total`, `latency_bucket`, `latency_sum`
  MetricType type = MetricType::counter;
  GaugeMode mode = GaugeMode::all;  ///< for gauges
  Labels labels;                    ///< without `le`
  std::string help;
};

/// One value of a metric.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual void inc(double amount) = 0;
  virtual void dec(double amount) = 0;
  virtual void set(double value) = 0;
  virtual double get() const = 0;
};

using BackendFactory = std::function<std::unique_ptr<Backend>(const BackendConfig& config, const BackendMetric& metric,
                                                              std::optional<std::string> histogram_bucket)>;
using BackendInitializer = std::function<void(const BackendConfig& config)>;

/// Makes `name` known to load_backend. `initialize` runs once, when the backend is loaded. Throws RegistrationError
/// when the name is taken.
void register_backend(std::string name, BackendFactory make, BackendInitializer initialize = {});

/// A class with the protocol's constructor and, if it likes, `static void initialize(const BackendConfig&)`.
template <typename T>
  requires std::derived_from<T, Backend> &&
           std::constructible_from<T, const BackendConfig&, const BackendMetric&, std::optional<std::string>>
void register_backend(std::string name) {
  BackendInitializer initialize;
  if constexpr (requires(const BackendConfig& config) { T::initialize(config); }) {
    initialize = [](const BackendConfig& config) { T::initialize(config); };
  }
  register_backend(
      std::move(name),
      [](const BackendConfig& config, const BackendMetric& metric, std::optional<std::string> bucket) {
        return std::make_unique<T>(config, metric, std::move(bucket));
      },
      std::move(initialize));
}

class Storage;
using StorageFactory = std::function<Storage&(const BackendConfig& config)>;
/// Makes a storage of cells known to load_backend under `name`; `RedisStorage` is what REDIS_ENABLED asks for. The
/// factory is called when the storage is chosen. Throws RegistrationError when the name is taken.
void register_storage(std::string name, StorageFactory make);

/// Chooses where the values of metrics made from now on live. Without arguments the environment chooses:
/// WEIR_BACKEND_CLASS and _CONFIG, then PYTHEUS_BACKEND_CLASS and _CONFIG (a Python import path counts by its last
/// part; _CONFIG is the path of a JSON file), then REDIS_ENABLED, then PROMETHEUS_MULTIPROC_DIR, else memory. Called by
/// itself when the first metric is made.
///
/// Built in: `SingleProcessBackend` (memory) and `MultiProcessFileBackend` (config `directory`, else
/// PROMETHEUS_MULTIPROC_DIR). Throws ConfigError that names the class, variable or file that will not do, when
/// REDIS_ENABLED asks a program without Redis for it (with PROMETHEUS_MULTIPROC_DIR set it logs and takes files), and
/// when metrics of the default registry exist already in another backend.
void load_backend();
void load_backend(std::string_view backend_class, const BackendConfig& config = {});

/// True when this program has a Redis storage, so that REDIS_ENABLED and `MultiProcessRedisBackend` are obeyed: it is
/// linked with weir-redis.
bool redis_available();

/// The name of the backend that metrics made now would get.
std::string backend_class();

}  // namespace weir
