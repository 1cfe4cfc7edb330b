#include "cli/directory_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "fold/background_fold.h"
#include "weir/multiprocess.h"

namespace weir::cli {
namespace {

/// What the collector read and what became of the past, for /backend.
class DirectoryStatistics : public Source {
 public:
  DirectoryStatistics(const MultiProcessCollector& collector, std::unique_ptr<BackgroundFold> folding)
      : collector_(collector), folding_(std::move(folding)) {}

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
    if (folding_ != nullptr)
      std::ranges::move(weir::families(folding_->collect()->snapshot), std::back_inserter(families));
    auto collection = std::make_shared<Collection>();
    collection->snapshot = snapshot_of(families);
    return collection;
  }
  std::string describe() const override { return "what the collector read"; }

 private:
  const MultiProcessCollector& collector_;
  const std::unique_ptr<BackgroundFold> folding_;  // null where nobody serves for long
};

std::unique_ptr<BackgroundFold> start_folding(const std::filesystem::path& directory, const std::string& fold) {
  if (fold.empty()) return nullptr;
  FoldOptions options;
  options.only_look = fold == "off";
  options.stock_files = fold == "all";
  options.only_among_weir = fold == "auto";
  if (options.stock_files) std::signal(SIGIO, SIG_IGN);  // files of other clients are probed by leases
  return std::make_unique<BackgroundFold>(fold_of_directory(directory, std::move(options)),
                                          BackgroundFoldOptions{.first_look = std::chrono::seconds(1)});
}

std::string fault_of(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return "";
  const bool is_absent = !error || error == std::errc::no_such_file_or_directory;
  const std::string why = !is_absent                                  ? error.message()
                          : std::filesystem::exists(directory, error) ? "this is no directory"
                                                                      : "there is no such directory";
  return fmt::format("{}: {}", directory.string(), why);
}

}  // namespace

ChosenSource directory_source(const std::filesystem::path& directory, const std::string& fold) {
  auto source = std::make_unique<MultiProcessCollector>(directory);
  auto statistics = std::make_unique<DirectoryStatistics>(*source, start_folding(directory, fold));
  return {std::move(source), std::move(statistics), fault_of(directory),
          "processes started with PROMETHEUS_MULTIPROC_DIR set to it write there", directory_writers(directory)};
}

}  // namespace weir::cli
