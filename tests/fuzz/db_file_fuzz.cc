// Arbitrary bytes as a `.db` file: whatever they are, reading them costs that file only (I4).
//
// The first byte chooses the kind of file and whether the rest arrives in two parts, as a growing file does.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "collect/file_merge.h"

namespace {

constexpr std::array<weir::FileKind, 6> kKinds{{{weir::MetricType::counter, weir::GaugeMode::all},
                                                {weir::MetricType::histogram, weir::GaugeMode::all},
                                                {weir::MetricType::summary, weir::GaugeMode::all},
                                                {weir::MetricType::gauge, weir::GaugeMode::liveall},
                                                {weir::MetricType::gauge, weir::GaugeMode::mostrecent},
                                                {weir::MetricType::gauge, weir::GaugeMode::min}}};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const weir::Collection& collection) {
  require(collection.snapshot.values.size() == collection.snapshot.table->size());
  for (const weir::Problem& problem : collection.problems) require(!problem.reason.empty() && !problem.message.empty());
  weir::families(collection.snapshot);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const int file = memfd_create("db_file_fuzz", MFD_CLOEXEC);
  require(file >= 0);
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const weir::MergeFile named{.path = path, .name = {.kind = kKinds[data[0] % kKinds.size()], .identity = "42-1"}};
  const std::size_t first_part = (data[0] & 0x80) != 0 ? size / 2 : size;
  weir::FileMerge merge{{.accumulate = (data[0] & 0x40) == 0, .leave_out_dead = true}};
  require(pwrite(file, data + 1, first_part - 1, 0) == static_cast<ssize_t>(first_part - 1) || first_part == 1);
  check(*merge.collect({&named, 1}, {}));
  if (first_part < size) {
    require(pwrite(file, data + 1, size - 1, 0) == static_cast<ssize_t>(size - 1));
    check(*merge.collect({&named, 1}, {}));
  }
  check(*merge.collect({}, {}));
  close(file);
  return 0;
}
