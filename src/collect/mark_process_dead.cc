#include <fmt/format.h>

#include <system_error>

#include "collect/directory_files.h"
#include "format/file_name.h"
#include "weir/error.h"
#include "weir/multiprocess.h"

namespace weir {

void mark_process_dead(long pid, std::filesystem::path directory) {
  mark_process_dead(std::string_view{std::to_string(pid)}, std::move(directory));
}

void mark_process_dead(std::string_view identity, std::filesystem::path directory) {
  // An identity goes into file names: with a slash in it, it would name files elsewhere.
  if (identity.empty() || identity.find('/') != std::string_view::npos) {
    throw ValueError(
        fmt::format("cannot mark process \"{}\" dead: an identity is a part of a file name, like 4242", identity));
  }
  const std::filesystem::path where = directory_or_environment(std::move(directory), "mark_process_dead");
  for (const GaugeMode mode : kGaugeModes) {
    if (!is_live(mode)) continue;
    const FileName name{.kind = {.type = MetricType::gauge, .mode = mode}, .identity = std::string{identity}};
    const std::filesystem::path file = where / to_string(name);
    std::error_code error;
    std::filesystem::remove(file, error);  // not there is fine: false and no error
    if (error) throw StorageError(fmt::format("cannot remove {}: {}", file.string(), error.message()));
  }
}

}  // namespace weir
