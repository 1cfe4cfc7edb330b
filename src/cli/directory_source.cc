#include "cli/directory_source.h"

#include <fmt/core.h>

#include <system_error>
#include <utility>
#include <vector>

#include "weir/multiprocess.h"

namespace weir::cli {
namespace {

/// What the collector read, for /backend.
class CollectorStatistics : public Source {
 public:
  explicit CollectorStatistics(const MultiProcessCollector& collector) : collector_(collector) {}

  std::shared_ptr<const Collection> collect() override {
    const MultiProcessCollector::Statistics read = collector_.statistics();
    std::vector<MetricFamily> families;
    const auto add = [&families](const char* name, const char* help, double value,
                                 MetricType type = MetricType::gauge) {
      const std::string sample = type == MetricType::counter ? fmt::format("{}_total", name) : name;
      families.push_back({{name, type, help, ""}, {{sample, {}, value, {}}}});
    };
    add("weir_collect_entries", "Records the last collection read.", static_cast<double>(read.entries));
    add("weir_collect_files", "Files the last collection met.", static_cast<double>(read.files));
    add("weir_collect_files_skipped", "Files the last collection left out.", static_cast<double>(read.files_skipped));
    add("weir_collect_read_bytes", "Bytes the last collection read from files.", static_cast<double>(read.bytes));
    add("weir_collections", "Collections since start.", static_cast<double>(read.collections), MetricType::counter);
    auto collection = std::make_shared<Collection>();
    collection->snapshot = snapshot_of(families);
    return collection;
  }
  std::string describe() const override { return "what the collector read"; }

 private:
  const MultiProcessCollector& collector_;
};

std::string fault_of(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return "";
  const std::string why =
      error && error != std::errc::no_such_file_or_directory ? error.message() : "there is no such directory";
  return fmt::format("{}: {}", directory.string(), why);
}

}  // namespace

ChosenSource directory_source(const std::filesystem::path& directory) {
  auto source = std::make_unique<MultiProcessCollector>(directory);
  auto statistics = std::make_unique<CollectorStatistics>(*source);
  return {std::move(source), std::move(statistics), fault_of(directory),
          "processes started with PROMETHEUS_MULTIPROC_DIR set to it write there"};
}

}  // namespace weir::cli
