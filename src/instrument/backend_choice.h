// Which storage new metrics get: by argument, environment or default, decided once (design: choice of storage).
//
// Thread safety: every function from any thread.
#pragma once

#include <optional>
#include <string>

#include "weir/backend.h"
#include "weir/storage.h"

namespace weir {

/// The storage load_backend chose, or the environment's now. From here on another choice is refused.
Storage& chosen_storage();

/// What load_backend or the environment chose so far; nothing before the first choice.
struct BackendChoice {
  std::string name;
  BackendConfig config;
};
std::optional<BackendChoice> backend_choice();

/// The file storage of `config["directory"]`, else of the environment's directory, in the layout WEIR_FILE_LAYOUT
/// names. Throws ConfigError when neither names one, StorageError when it cannot be had.
Storage& configured_file_storage(const BackendConfig& config);

/// Reads a JSON object of settings; numbers and booleans keep their spelling. Throws ConfigError naming the file, and
/// where it breaks.
BackendConfig read_backend_config(const std::string& path);

}  // namespace weir
