// The files of a web configuration, read in one go: the configuration, and what it names.
//
// Thread safety: pure functions over the file system.
#pragma once

#include <string>

#include "web_config/server_tls.h"
#include "web_config/web_config.h"
#include "web_config/web_settings.h"

namespace weir {

struct WebFiles {
  WebConfig config;
  TlsPem pem;
  /// SHA-256 of all that was read: equal contents, equal digests.
  std::string digest;
};

/// Throws ConfigError for a file that cannot be read, is no regular file or is larger than 1 MiB, and for a
/// configuration that cannot be used. `digest` (may be null) is set as far as was read, also then.
WebFiles read_web_files(const WebSource& source, std::string* digest);

}  // namespace weir
