#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "weir/backends.h"
#include "weir/error.h"

namespace weir {
namespace {

const BackendMetric kJobs{.name = "jobs", .sample_name = "jobs_total", .labels = {{"q", "a"}}, .help = "Jobs."};

TEST(SingleProcessBackend, DoesWhatTheProtocolSays) {
  SingleProcessBackend value({}, kJobs, std::nullopt);
  Backend& backend = value;
  backend.inc(5);
  backend.dec(2);
  EXPECT_EQ(backend.get(), 3);
  backend.set(10);
  EXPECT_EQ(backend.get(), 10);
}

TEST(SingleProcessBackend, ThreadsAddExactly) {
  SingleProcessBackend value({}, kJobs, "0.5");
  std::thread other([&] {
    for (int i = 0; i < 10000; ++i) value.inc(1);
  });
  for (int i = 0; i < 10000; ++i) value.inc(1);
  other.join();
  EXPECT_EQ(value.get(), 20000);
}

TEST(SingleProcessBackend, MostrecentGaugeIsSet) {
  BackendMetric metric = kJobs;
  metric.type = MetricType::gauge;
  metric.mode = GaugeMode::mostrecent;
  SingleProcessBackend value({}, metric, std::nullopt);
  value.set(1);
  value.set(2);
  EXPECT_EQ(value.get(), 2);
}

TEST(MultiProcessFileBackend, StoresInItsDirectoryAndNamesTheMissingOne) {
  std::string directory = (std::filesystem::temp_directory_path() / "weir-cell-backend-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error("mkdtemp");
  {
    MultiProcessFileBackend value({{"directory", directory}}, kJobs, std::nullopt);
    value.inc(2);
    EXPECT_EQ(value.get(), 2);
  }
  EXPECT_FALSE(std::filesystem::is_empty(directory));
  std::filesystem::remove_all(directory);
  ::unsetenv("PROMETHEUS_MULTIPROC_DIR");
  ::unsetenv("prometheus_multiproc_dir");
  EXPECT_THROW(MultiProcessFileBackend({}, kJobs, std::nullopt), ConfigError);
}

}  // namespace
}  // namespace weir
